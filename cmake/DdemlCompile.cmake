# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# How this project's own code is compiled and what it exports. Users of the library see none of it.

# ddeml_sources(VAR layer...): the C files of these folders of src/.
function(ddeml_sources var)
  set(patterns ${ARGN})
  list(TRANSFORM patterns REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/src/\\1/*.c")
  file(GLOB files CONFIGURE_DEPENDS ${patterns})
  set(${var} ${files} PARENT_SCOPE)
endfunction()

# ddeml_compile(target): C11, hidden symbols, our warnings, our include folders.
function(ddeml_compile target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11
    C_STANDARD_REQUIRED ON
    C_EXTENSIONS OFF
    CXX_STANDARD 11
    CXX_STANDARD_REQUIRED ON
    CXX_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wundef
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
    $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
    $<$<BOOL:${DDEML_WERROR}>:-Werror>)
  if(WIN32)
    # Without it <windows.h> brings the names of winsock: accept, listen, send... Empty, as a source would say it.
    target_compile_definitions(${target} PRIVATE WIN32_LEAN_AND_MEAN=)
  else()
    target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L)
  endif()
  ddeml_sanitize(${target})
endfunction()

# ddeml_sanitize(target): the sanitizers of this build, in the code and at link time.
function(ddeml_sanitize target)
  if(DDEML_SANITIZE)
    target_compile_options(${target} PRIVATE
      "-fsanitize=${DDEML_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC "-fsanitize=${DDEML_SANITIZE}")
  endif()
endfunction()
