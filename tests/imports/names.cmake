# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# From which DLL does PROGRAM take which name? DDEML's names from no system DLL; if LIBRARY is shared, all of
# them from ddeml.dll. OBJECT, if given: the program's object file, which has to use every one of them. COMPILER,
# if given: its user32 exports these names of DDE and no other.
cmake_policy(VERSION 3.21)

file(STRINGS "${DEF}" standard REGEX "^ +[A-Za-z]+$")
string(REPLACE " " "" standard "${standard}")
list(FILTER standard EXCLUDE REGEX "^Ddeml")

# Is that all that user32 exports of DDE? Its import library knows.
if(COMPILER)
  execute_process(COMMAND "${COMPILER}" -print-file-name=libuser32.a OUTPUT_VARIABLE user32
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND "${NM}" "${user32}" OUTPUT_VARIABLE symbols ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "__imp_[A-Za-z0-9_@]+" symbols "${symbols}")
  list(TRANSFORM symbols REPLACE "^__imp_+" "")
  list(TRANSFORM symbols REPLACE "@[0-9]+$" "")
  list(FILTER symbols INCLUDE REGEX "^Dde|DDElParam$|^ImpersonateDdeClientWindow$")
  list(SORT symbols)
  list(SORT standard)
  if(NOT "${symbols}" STREQUAL "${standard}")
    message(FATAL_ERROR "user32 exports: ${symbols}\nddeml.def lists: ${standard}")
  endif()
endif()

if(OBJECT)
  execute_process(COMMAND "${NM}" --undefined-only "${OBJECT}" OUTPUT_VARIABLE used COMMAND_ERROR_IS_FATAL ANY)
  foreach(name IN LISTS standard)
    if(NOT used MATCHES "[ _]${name}(@[0-9]+)?\r?\n")
      message(FATAL_ERROR "the program does not use ${name}: the test proves nothing about it")
    endif()
  endforeach()
endif()

execute_process(COMMAND "${OBJDUMP}" -p "${PROGRAM}" OUTPUT_VARIABLE dump COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE ";" "," dump "${dump}")
string(REGEX REPLACE "\r?\n" ";" dump "${dump}")
set(dll "")
set(ours "")
foreach(line IN LISTS dump)
  if(line MATCHES "DLL Name: ([^ ]+)")
    string(TOLOWER "${CMAKE_MATCH_1}" dll)
    if(NOT dll MATCHES "^(ddeml|user32|gdi32|kernel32|advapi32|msvcrt|ucrtbase|api-ms-win-[-a-z0-9]+)\\.dll$")
      message(FATAL_ERROR "needs ${dll}, which Windows may not have")
    endif()
  elseif(dll AND line MATCHES "^[ \t]+[0-9a-f]+[ \t]+[0-9]+[ \t]+([A-Za-z_][A-Za-z0-9_]*)$") # address hint name
    set(name "${CMAKE_MATCH_1}")
    if(dll STREQUAL "ddeml.dll")
      list(APPEND ours "${name}")
    elseif(name IN_LIST standard OR name MATCHES "Dde|DDElParam")
      message(FATAL_ERROR "${name} is taken from ${dll}")
    endif()
  endif()
endforeach()

if(NOT dump MATCHES "DLL Name: KERNEL32.dll")
  message(FATAL_ERROR "cannot read what ${OBJDUMP} prints")
endif()
if(LIBRARY STREQUAL shared)
  list(SORT standard)
  list(SORT ours)
  if(NOT "${ours}" STREQUAL "${standard}")
    message(FATAL_ERROR "from ddeml.dll: ${ours}\nnot: ${standard}")
  endif()
elseif(ours)
  message(FATAL_ERROR "from ddeml.dll: ${ours}")
endif()
