# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors
set(mingw_arch x86_64)
set(CMAKE_SYSTEM_PROCESSOR AMD64)
include("${CMAKE_CURRENT_LIST_DIR}/mingw.cmake")
