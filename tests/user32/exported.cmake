# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors
#
# libddeml-user32.so exports what user32.map lists, and nothing else, and each name is called by a test of this folder:
# cmake -DLIBRARY=<file> -DMAP=<user32.map> -DNM=<nm> -P exported.cmake

cmake_policy(VERSION 3.21)

file(READ "${MAP}" listed)
string(REPLACE ";" "$" listed "${listed}")
string(REGEX MATCHALL "    [A-Za-z0-9]+\\$" listed "${listed}")
string(REGEX REPLACE "[ $]" "" listed "${listed}")

execute_process(COMMAND "${NM}" -D --defined-only "${LIBRARY}" OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " [TDBRVW] [^\n]+" exported "${output}")
list(TRANSFORM exported REPLACE "^ . " "")
list(TRANSFORM exported REPLACE "@.*$" "")

list(SORT listed)
list(SORT exported)
if(NOT "${listed}" STREQUAL "${exported}")
    message(FATAL_ERROR "listed: ${listed}\nexported: ${exported}")
endif()

file(GLOB tests "${CMAKE_CURRENT_LIST_DIR}/*.c")
set(calls "")
foreach(test IN LISTS tests)
    file(READ "${test}" text)
    string(APPEND calls "${text}")
endforeach()
set(untested "")
foreach(name IN LISTS listed)
    # CreateWindowA is a macro for CreateWindowExA.
    string(REPLACE "CreateWindowEx" "CreateWindow(Ex)?" pattern "${name}")
    if(NOT calls MATCHES "[^A-Za-z0-9_]${pattern}\\(")
        list(APPEND untested "${name}")
    endif()
endforeach()
if(untested)
    message(FATAL_ERROR "no test calls ${untested}")
endif()
