# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# Builds and runs the programs of tests/package/consumer in one of the four ways to use this project (HOW).
cmake_policy(VERSION 3.21)

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${WORK}" COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(pkg_config var)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E env "PKG_CONFIG_PATH=${WORK}/moved/${LIBDIR}/pkgconfig"
    "${PKG_CONFIG}" ${ARGN}
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  set(${var} ${flags} PARENT_SCOPE)
endfunction()

set(consumer "${CMAKE_CURRENT_LIST_DIR}/consumer")
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

# An installed tree may be moved as a whole.
if(HOW MATCHES "^p")
  run("${CMAKE_COMMAND}" --install "${BINARY}" --prefix "${WORK}/installed")
  file(RENAME "${WORK}/installed" "${WORK}/moved")
endif()

if(NOT HOW STREQUAL pkgconfig)
  run("${CMAKE_COMMAND}" -S "${consumer}" -B "${WORK}/build" -G "${GENERATOR}" "-DCMAKE_C_COMPILER=${CC}"
    "-DHOW=${HOW}" "-DDDEML_SOURCE=${SOURCE}" "-DCMAKE_PREFIX_PATH=${WORK}/moved")
  run("${CMAKE_COMMAND}" --build "${WORK}/build")
  set(programs new_shared new_static old_shared old_static)
  if(PORT)
    list(APPEND programs port_shared port_static)
  endif()
  foreach(program IN LISTS programs)
    run("${WORK}/build/${program}")
  endforeach()
  return()
endif()

if(NOT PKG_CONFIG)
  message(FATAL_ERROR "pkg-config is not installed")
endif()
pkg_config(cflags --cflags ddeml)
pkg_config(libs --libs ddeml)
pkg_config(static_libs --libs --static ddeml)
pkg_config(port --variable=portdir ddeml)
# The static library where both are installed: by its file name.
list(TRANSFORM static_libs REPLACE "^-lddeml$" "-l:libddeml.a")
set(new ${cflags} "${consumer}/new.c")
set(old ${cflags} "-I${port}" "${consumer}/old.c")
foreach(program new old)
  run("${CC}" ${${program}} -o ${program}_shared ${libs} "-Wl,-rpath,${WORK}/moved/${LIBDIR}")
  run("${WORK}/${program}_shared")
  run("${CC}" ${${program}} -o ${program}_static ${static_libs})
  run("${WORK}/${program}_static")
endforeach()

if(PORT)
  pkg_config(flags --cflags --libs ddeml-user32)
  run("${CC}" "${consumer}/port.c" -o port ${flags} "-Wl,-rpath,${WORK}/moved/${LIBDIR}")
  run("${WORK}/port")
endif()
