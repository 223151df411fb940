# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# libddeml-user32: the user32 and kernel32 names that a port needs, declared by Wine's headers, on the posix host.
# Without those headers it is left out.
find_path(DDEML_WINE_INCLUDE_DIR ddeml.h NO_DEFAULT_PATH
  PATHS /usr/include/wine/wine/windows /usr/include/wine/windows
  DOC "Wine's <windows.h>, <ddeml.h> and <dde.h>")
if(NOT DDEML_WINE_INCLUDE_DIR)
  message(STATUS "libddeml-user32 is left out: there are no headers of Wine's (Debian: libwine-dev)")
  return()
endif()

# Wine's headers hide what they declare, because Wine links it in another way.
set(user32_exported "DECLSPEC_HIDDEN=__attribute__((visibility(\"default\")))")

function(ddeml_user32_compile target)
  ddeml_compile(${target})
  target_include_directories(${target} SYSTEM PRIVATE "${DDEML_WINE_INCLUDE_DIR}")
  target_compile_definitions(${target} PRIVATE WIN32_LEAN_AND_MEAN= "${user32_exported}")
endfunction()

ddeml_sources(user32 user32)
add_library(ddeml_user32_objects OBJECT ${user32})
ddeml_user32_compile(ddeml_user32_objects)
set_target_properties(ddeml_user32_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)

set(user32_map "${PROJECT_SOURCE_DIR}/src/exports/user32.map")
add_library(ddeml_user32 SHARED $<TARGET_OBJECTS:ddeml_user32_objects>)
target_link_options(ddeml_user32 PRIVATE "LINKER:--version-script=${user32_map}")
set_property(TARGET ddeml_user32 APPEND PROPERTY LINK_DEPENDS "${user32_map}")
ddeml_sanitize(ddeml_user32)
if(NOT DDEML_SANITIZE)
  target_link_options(ddeml_user32 PRIVATE -Wl,--no-undefined)
endif()
target_link_libraries(ddeml_user32 PUBLIC ddeml PRIVATE Threads::Threads)
set_target_properties(ddeml_user32 PROPERTIES
  OUTPUT_NAME ddeml-user32
  EXPORT_NAME user32
  VERSION "${PROJECT_VERSION}"
  SOVERSION "${PROJECT_VERSION_MAJOR}")

# The main of a program that has a WinMain: taken from an archive only if there is no other.
add_library(ddeml_winmain STATIC "${PROJECT_SOURCE_DIR}/src/winmain/main.c")
ddeml_user32_compile(ddeml_winmain)
set_target_properties(ddeml_winmain PROPERTIES
  OUTPUT_NAME ddeml-winmain EXPORT_NAME winmain POSITION_INDEPENDENT_CODE ON)
target_link_libraries(ddeml_user32 INTERFACE ddeml_winmain)

# For the tests, as ddeml_inside.
add_library(ddeml_user32_inside STATIC $<TARGET_OBJECTS:ddeml_user32_objects>)
target_link_libraries(ddeml_user32_inside PUBLIC ddeml_winmain ddeml_inside)

ddeml_seal(sealed_user32 ddeml_user32_inside "${user32_map}")
add_library(ddeml_user32_static STATIC "${sealed_user32}" "${PROJECT_SOURCE_DIR}/src/winmain/main.c")
ddeml_user32_compile(ddeml_user32_static)
target_link_libraries(ddeml_user32_static PUBLIC ddeml_static)
set_target_properties(ddeml_user32_static PROPERTIES OUTPUT_NAME ddeml-user32 EXPORT_NAME user32_static)

foreach(library ddeml_user32 ddeml_user32_inside ddeml_user32_static)
  target_include_directories(${library} SYSTEM INTERFACE "${DDEML_WINE_INCLUDE_DIR}")
  target_compile_definitions(${library} INTERFACE DECLSPEC_HIDDEN=)
endforeach()
add_library(ddeml::user32 ALIAS ddeml_user32)
add_library(ddeml::user32_static ALIAS ddeml_user32_static)
