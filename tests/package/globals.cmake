# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# What a static LIBRARY defines globally is what is in the LIST of exports, and ALSO; nothing that could meet a name of
# the program.
cmake_policy(VERSION 3.21)

file(READ "${LIST}" listed)
string(REGEX MATCHALL "\n    [A-Za-z0-9_]+" listed "${listed}")
list(TRANSFORM listed STRIP)
list(APPEND listed ${ALSO})
list(SORT listed)

execute_process(COMMAND "${NM}" --extern-only --defined-only "${LIBRARY}" OUTPUT_VARIABLE symbols
  COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " [A-Z] [^\r\n]+" symbols "${symbols}")
list(TRANSFORM symbols REPLACE "^ [A-Z] " "")
list(TRANSFORM symbols REPLACE "^__imp_" "") # as an import library has them
list(TRANSFORM symbols REPLACE "^_(.*)@[0-9]+$" "\\1") # as stdcall has them
list(REMOVE_DUPLICATES symbols)
list(SORT symbols)

if(NOT "${symbols}" STREQUAL "${listed}")
  message(FATAL_ERROR "${LIBRARY} defines: ${symbols}\n${LIST} lists: ${listed}")
endif()

# Nor is there anything of which the linker keeps one only, by a name that the program may give to something else.
execute_process(COMMAND "${OBJDUMP}" -h "${LIBRARY}" OUTPUT_VARIABLE sections COMMAND_ERROR_IS_FATAL ANY)
if(NOT sections MATCHES "\\.text" OR sections MATCHES "LINK_ONCE")
  message(FATAL_ERROR "${LIBRARY} has sections that may be taken for others: ${sections}")
endif()
