# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors
set(mingw_arch i686)
set(CMAKE_SYSTEM_PROCESSOR x86)
include("${CMAKE_CURRENT_LIST_DIR}/mingw.cmake")
