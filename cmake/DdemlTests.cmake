# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# One call per test program; everything that is the same for all of them stands here.

# CMocka: the distribution's for this machine, scripts/setup.sh's for Windows.
find_path(CMOCKA_INCLUDE_DIR cmocka.h REQUIRED)
find_library(CMOCKA_LIBRARY NAMES libcmocka.a cmocka REQUIRED)
add_library(ddeml_cmocka INTERFACE)
target_include_directories(ddeml_cmocka SYSTEM INTERFACE "${CMOCKA_INCLUDE_DIR}")
target_link_libraries(ddeml_cmocka INTERFACE "${CMOCKA_LIBRARY}")

set(seconds 60)
if(CMAKE_CROSSCOMPILING OR DDEML_SANITIZE) # Wine and the sanitizers are slow
  set(seconds 240)
endif()
set(DDEML_TEST_TIMEOUT ${seconds} CACHE STRING "Seconds after which a test program is ended")

# Any finding is a failed test; nothing is suppressed.
set(sanitizer_environment
  "ASAN_OPTIONS=halt_on_error=1:abort_on_error=0:exitcode=99:detect_leaks=1:detect_stack_use_after_return=1:check_initialization_order=1:strict_string_checks=1"
  "UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1"
  "LSAN_OPTIONS=exitcode=99"
  "TSAN_OPTIONS=halt_on_error=1:exitcode=99:second_deadlock_stack=1")

# On Linux processes meet in a folder (src/host/posix/board.h). Every test has one of its own, so that tests do not meet.
# The paths of sockets in it have to fit into 108 bytes.
set(meeting_folders "${PROJECT_BINARY_DIR}/run")
string(LENGTH "${meeting_folders}" length)
if(length GREATER 50)
  string(MD5 hash "${PROJECT_BINARY_DIR}")
  string(SUBSTRING "${hash}" 0 12 hash)
  set(meeting_folders "/tmp/ddeml-tests-${hash}")
endif()

# ddeml_meeting_folder(VAR test): makes it. What stands in it from earlier runs may be of another version.
function(ddeml_meeting_folder var test)
  set(folder "${meeting_folders}/${test}")
  string(LENGTH "${folder}" length)
  if(length GREATER 90)
    string(MD5 hash "${test}")
    set(folder "${meeting_folders}/${hash}")
  endif()
  file(REMOVE_RECURSE "${folder}/ddeml")
  file(MAKE_DIRECTORY "${folder}")
  file(CHMOD "${folder}" DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
  set(${var} "${folder}" PARENT_SCOPE)
endfunction()

# ddeml_test_program(target SOURCES file... [LINK inside|shared|system|user32] [WRAP function...])
#
# An executable with CMocka and tests/support. LINK inside (the usual): the library's static twin, whose
# internals the test may use; shared: only what is exported; system: Windows' own DDEML instead of ours; user32: the
# static twins of both libraries.
# WRAP f: every call of f, from the library too, goes to the test's __wrap_f; __real_f is the function itself.
function(ddeml_test_program target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LINK" "SOURCES;WRAP")
  if(NOT arg_LINK)
    set(arg_LINK inside)
  endif()
  set(libraries_inside ddeml_inside)
  set(libraries_shared ddeml)
  set(libraries_system user32)
  set(libraries_user32 test_user32 ddeml_user32_inside) # ours, with Wine's headers in place of ddeml_port's
  if(NOT DEFINED libraries_${arg_LINK})
    message(FATAL_ERROR "${target}: LINK is inside, shared, system or user32, not ${arg_LINK}")
  endif()

  add_executable(${target} ${arg_SOURCES})
  ddeml_compile(${target})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(${target} PRIVATE DDEML_TEST_NAME="${target}")
  target_link_libraries(${target} PRIVATE
    $<TARGET_NAME_IF_EXISTS:test_support> ${libraries_${arg_LINK}} $<$<NOT:$<STREQUAL:${arg_LINK},user32>>:ddeml_port>
    ddeml_cmocka)
  ddeml_wrap(${target} ${arg_WRAP})
endfunction()

# ddeml_wrap(target function...): the WRAP of a program that is already there.
function(ddeml_wrap target)
  # The linker adds the target's leading underscore by itself: --wrap takes the name as C spells it.
  foreach(function IN LISTS ARGN)
    target_link_options(${target} PRIVATE "LINKER:--wrap=${function}")
  endforeach()
endfunction()

# ddeml_register(name COMMAND ... [LABELS label...] [TIMEOUT seconds] [SERIAL]): a CTest test.
function(ddeml_register name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "COMMAND;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${DDEML_TEST_TIMEOUT})
  endif()
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  set(environment ${sanitizer_environment} "DDEML_TEST_TIMEOUT=${arg_TIMEOUT}")
  if(NOT WIN32)
    ddeml_meeting_folder(folder ${name})
    list(APPEND environment "XDG_RUNTIME_DIR=${folder}")
  endif()
  if(CMAKE_CROSSCOMPILING) # under Wine all programs share one desktop, and broadcasts reach them all
    set(arg_SERIAL ON)
  endif()
  math(EXPR timeout "${arg_TIMEOUT} + 15") # the wrapper for Wine ends it first, and cleans up
  set_tests_properties(${name} PROPERTIES
    LABELS "${arg_LABELS}"
    TIMEOUT ${timeout}
    RUN_SERIAL $<BOOL:${arg_SERIAL}>
    ENVIRONMENT "${environment}")
endfunction()

# ddeml_test(name SOURCES file... [LINK ...] [WRAP function...] [ARGS arg...] [LABELS label...]
#            [TIMEOUT seconds] [SERIAL]): both of the above.
function(ddeml_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "LINK;TIMEOUT" "SOURCES;WRAP;ARGS;LABELS")
  ddeml_test_program(${name} SOURCES ${arg_SOURCES} LINK ${arg_LINK} WRAP ${arg_WRAP})
  set(serial "")
  if(arg_SERIAL)
    set(serial SERIAL)
  endif()
  ddeml_register(${name} COMMAND ${name} ${arg_ARGS} LABELS ${arg_LABELS} TIMEOUT ${arg_TIMEOUT} ${serial})
endfunction()

# ddeml_test_each(folder [LINK ...] [LABELS ...] [ARGS ...] [SERIAL]): one test program per C file of a
# folder of tests/, named after folder and file. What ends in _win32 is for Windows only, in _posix for the others.
function(ddeml_test_each folder)
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${folder}/*.c")
  if(WIN32)
    list(FILTER files EXCLUDE REGEX "_posix[.]c$")
  else()
    list(FILTER files EXCLUDE REGEX "_win32[.]c$")
  endif()
  foreach(file IN LISTS files)
    cmake_path(GET file STEM stem)
    ddeml_test("${folder}_${stem}" SOURCES "${file}" LABELS "${folder}" ${ARGN})
  endforeach()
endfunction()
