# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors
#
# The names that the example calls and nobody exports are those that the guide lists, each in a line of its own:
# cmake -DOBJECT=<file> -DNM=<nm> -DEXPORTS=<folder> -DGUIDE=<porting.md> -P missing.cmake

cmake_policy(VERSION 3.21)

execute_process(COMMAND "${NM}" -u "${OBJECT}" OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " U [A-Z][A-Za-z]+" missing "${output}") # the C library's begin with a small letter
list(TRANSFORM missing REPLACE " U " "")
foreach(map ddeml.map user32.map)
    file(STRINGS "${EXPORTS}/${map}" exported REGEX "^    [A-Za-z0-9]+;$")
    string(REGEX REPLACE "[ ]|\\\\" "" exported "${exported}")
    string(REPLACE ";;" ";" exported "${exported}")
    list(REMOVE_ITEM missing ${exported})
endforeach()
file(STRINGS "${GUIDE}" listed REGEX "^undefined reference to `")
list(TRANSFORM listed REPLACE ".*`(.*)'.*" "\\1")
list(SORT missing)
list(SORT listed)
if(NOT "${missing}" STREQUAL "${listed}")
    message(FATAL_ERROR "missing: ${missing}\nlisted: ${listed}")
endif()
