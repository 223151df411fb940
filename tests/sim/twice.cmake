# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# Two runs of a program, each with addresses of its own, print the same. PROGRAM

foreach(i 1 2)
  execute_process(COMMAND "${PROGRAM}" digest OUTPUT_VARIABLE output_${i} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
if(NOT output_1 STREQUAL output_2 OR NOT output_1 MATCHES "^digest")
  message(FATAL_ERROR "${output_1} is not ${output_2}")
endif()
