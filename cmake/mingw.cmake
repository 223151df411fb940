# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# Common part of the MinGW-w64 toolchains. Of the two thread models the "win32" one is taken: its programs
# need no DLL that Windows does not have.
set(CMAKE_SYSTEM_NAME Windows)
set(mingw_triplet ${mingw_arch}-w64-mingw32)

find_program(mingw_cc NAMES ${mingw_triplet}-gcc-win32 ${mingw_triplet}-gcc REQUIRED)
set(CMAKE_C_COMPILER "${mingw_cc}")
# C++ only where its compiler is installed too; never the machine's own.
find_program(mingw_cxx NAMES ${mingw_triplet}-g++-win32 ${mingw_triplet}-g++)
set(CMAKE_CXX_COMPILER "${mingw_cxx}")
set(CMAKE_RC_COMPILER ${mingw_triplet}-windres)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static-libgcc)

# Libraries for the target come from the distribution and from build/deps, which scripts/setup.sh fills.
set(CMAKE_FIND_ROOT_PATH
  /usr/${mingw_triplet}
  "${CMAKE_CURRENT_LIST_DIR}/../build/deps/${mingw_arch}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
