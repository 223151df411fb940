# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors
#
# ddeml_exports(<out_dir>) writes, from ddeml.def and the prototypes in winddeml.h,
#
#   <out_dir>/ddeml_exports.inc  DDEML_EXPORT(name, bytes of arguments on i686), one line per export
#   <out_dir>/ddeml_i686.def     the same names with the decoration of stdcall: DdeConnect@16
#
# and stops if ddeml.def, ddeml.map and winddeml.h do not name the same functions. Also a script:
# cmake -DOUT_DIR=<out_dir> -P exports.cmake
#
# ddeml_exports_shared(<target> <out_dir>)  makes a shared library export these names
# ddeml_exports_static(<target> <out_dir>)  adds the import pointers to a static library for Windows

cmake_policy(VERSION 3.21)

set(DDEML_EXPORTS_DIR "${CMAKE_CURRENT_LIST_DIR}")

function(ddeml_exports out_dir)
    set(def "${DDEML_EXPORTS_DIR}/ddeml.def")
    set(map "${DDEML_EXPORTS_DIR}/ddeml.map")
    set(header "${DDEML_EXPORTS_DIR}/../../include/winddeml.h")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${def}" "${map}" "${header}")

    # ";" separates both the members of a CMake list and the statements of C.
    file(READ "${header}" prototypes)
    string(REPLACE ";" "$" prototypes "${prototypes}")
    string(REGEX MATCHALL "DDEML_API [A-Z ]+ WINAPI [A-Za-z]+\\([^()]*\\)\\$" prototypes "${prototypes}")
    file(READ "${map}" mapped)
    string(REPLACE ";" "$" mapped "${mapped}")
    string(REGEX MATCHALL "    [A-Za-z]+\\$" mapped "${mapped}")
    string(REGEX REPLACE "[ $]" "" mapped "${mapped}")
    file(STRINGS "${def}" names REGEX "^ +[A-Za-z]+$")
    string(REPLACE " " "" names "${names}")

    set(declared "")
    set(decorated "EXPORTS\n")
    set(list "")
    foreach(prototype IN LISTS prototypes)
        string(REGEX MATCH " ([A-Za-z]+)\\((.*)\\)" unused "${prototype}")
        set(name "${CMAKE_MATCH_1}")
        set(arguments "${CMAKE_MATCH_2}")
        # Every argument of this API is an integer of at most 32 bits or a pointer: four bytes each.
        if(arguments STREQUAL "void")
            set(bytes 0)
        else()
            string(REGEX MATCHALL "," commas "${arguments}")
            list(LENGTH commas commas)
            math(EXPR bytes "4 * (${commas} + 1)")
        endif()
        list(APPEND declared "${name}")
        string(APPEND decorated "    ${name}@${bytes}\n")
        string(APPEND list "DDEML_EXPORT(${name}, ${bytes})\n")
    endforeach()

    foreach(other IN ITEMS declared mapped)
        list(SORT ${other})
        list(SORT names)
        if(NOT "${names}" STREQUAL "${${other}}")
            set(odd ${names} ${${other}})
            foreach(name IN LISTS names)
                if(name IN_LIST ${other})
                    list(REMOVE_ITEM odd "${name}")
                endif()
            endforeach()
            message(FATAL_ERROR "ddeml.def disagrees with the names ${other} (winddeml.h, ddeml.map): ${odd}")
        endif()
    endforeach()

    # Written only when they change, so that nothing is built again for the same list.
    file(CONFIGURE OUTPUT "${out_dir}/ddeml_i686.def" CONTENT "${decorated}" @ONLY)
    file(CONFIGURE OUTPUT "${out_dir}/ddeml_exports.inc" CONTENT "${list}" @ONLY)
endfunction()

function(ddeml_exports_shared target out_dir)
    if(NOT WIN32)
        set(map "${DDEML_EXPORTS_DIR}/ddeml.map")
        target_link_options(${target} PRIVATE "LINKER:--version-script=${map}")
        set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${map}")
        return()
    endif()
    target_sources(${target} PRIVATE "${DDEML_EXPORTS_DIR}/ddeml.def")
    if(MINGW AND CMAKE_SIZEOF_VOID_P EQUAL 4)
        # The DLL must export DdeConnect, as user32.dll does, but objects ask for _DdeConnect@16. The linker gives
        # the import library the names of the DLL; so a second one, which knows both names, takes its place.
        target_link_options(${target} PRIVATE "LINKER:--enable-stdcall-fixup")
        add_custom_command(TARGET ${target} POST_BUILD
            COMMAND "${CMAKE_DLLTOOL}" --kill-at --input-def "${out_dir}/ddeml_i686.def"
                    --dllname "$<TARGET_FILE_NAME:${target}>" --output-lib "$<TARGET_LINKER_FILE:${target}>"
            VERBATIM)
    endif()
endfunction()

function(ddeml_exports_static target out_dir)
    if(WIN32)
        target_sources(${target} PRIVATE "${DDEML_EXPORTS_DIR}/imp_pointers.c")
        target_include_directories(${target} PRIVATE "${out_dir}")
    endif()
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
    ddeml_exports("${OUT_DIR}")
endif()
