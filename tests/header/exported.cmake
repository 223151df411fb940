# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors
#
# The shared library exports what ddeml.def lists, and nothing else:
# cmake -DLIBRARY=<file> -DDEF=<ddeml.def> -DNM=<nm> -DOBJDUMP=<objdump> -P exported.cmake

cmake_policy(VERSION 3.21)

file(STRINGS "${DEF}" listed REGEX "^ +[A-Za-z]+$")
string(REPLACE " " "" listed "${listed}")

if(LIBRARY MATCHES "\\.dll$")
    execute_process(COMMAND "${OBJDUMP}" -p "${LIBRARY}" OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCH "\\[Ordinal/Name Pointer\\] Table[^\n]*\n([ \t]+\\[[^\n]+\n)+" output "${output}")
    string(REGEX MATCHALL "[^ \r\n]+\r?\n" exported "${output}")
    list(TRANSFORM exported STRIP)
    list(REMOVE_AT exported 0) # the title
else()
    execute_process(COMMAND "${NM}" -D --defined-only "${LIBRARY}" OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL " [TDBRVW] [^\n]+" exported "${output}")
    list(TRANSFORM exported REPLACE "^ . " "")
    # GNU nm writes the version of each name, and the version itself as an absolute one.
    if(NOT exported MATCHES "DdeConnect@@DDEML_1\\.0")
        message(FATAL_ERROR "the names do not carry the version DDEML_1.0")
    endif()
    # For libddeml-user32 alone.
    if(NOT "ddeml_user_host@@DDEML_PRIVATE_1" IN_LIST exported)
        message(FATAL_ERROR "ddeml_user_host does not carry the version DDEML_PRIVATE_1")
    endif()
    list(FILTER exported EXCLUDE REGEX "^ddeml_user_host@|^DDEML_PRIVATE_1$")
    list(TRANSFORM exported REPLACE "@.*$" "")
endif()

list(SORT listed)
list(SORT exported)
if(NOT "${listed}" STREQUAL "${exported}")
    message(FATAL_ERROR "listed: ${listed}\nexported: ${exported}")
endif()
