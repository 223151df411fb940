# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# Does the piece of memory that begins afresh with every simulated process hold every global of the library that can
# change? NM, LIBRARY

execute_process(COMMAND "${NM}" "${LIBRARY}" OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCH "([0-9a-f]+) . sim_state_begin" _ "${symbols}")
math(EXPR begin "0x${CMAKE_MATCH_1}")
string(REGEX MATCH "([0-9a-f]+) . sim_state_end" _ "${symbols}")
math(EXPR end "0x${CMAKE_MATCH_1}")
string(REGEX MATCHALL "[0-9a-f]+ [bBdD] [a-zA-Z][^\n]*" globals "${symbols}")
set(inside 0)
foreach(global IN LISTS globals)
  string(REGEX MATCH "^([0-9a-f]+) . (.*)$" _ "${global}")
  set(name "${CMAKE_MATCH_2}")
  math(EXPR at "0x${CMAKE_MATCH_1}")
  if(at GREATER_EQUAL begin AND at LESS_EQUAL end)
    math(EXPR inside "${inside} + 1")
  elseif(NOT name MATCHES "^completed")
    message(SEND_ERROR "${name} keeps what the last process has left in it")
  endif()
endforeach()
message(STATUS "${inside} globals begin afresh")
if(inside LESS 10)
  message(FATAL_ERROR "not even the usual ones have been found")
endif()
