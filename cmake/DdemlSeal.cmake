# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# A static library whose names do not meet those of the program. Inside the library `conv_open` and `post` are good
# names, but C has one room for all global names of a program, and the programs of thirty years have used them, too.

include(CheckLinkerFlag)

# ddeml_seal(var inside list): one object, of all that the static library `inside` consists of, which has no global names
# but those in the lists of exports. The names stand in .def or .map files, one in a line, indented.
function(ddeml_seal var inside)
  set(folder "${PROJECT_BINARY_DIR}/sealed")
  set(whole "${folder}/${inside}_whole.o")
  set(sealed "${folder}/${inside}.o")

  set(keep "")
  foreach(list IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${list}")
    file(READ "${list}" names)
    string(REGEX MATCHALL "\n    [A-Za-z0-9_]+" names "${names}")
    list(TRANSFORM names STRIP)
    foreach(name IN LISTS names)
      string(APPEND keep "${name}\n")
      if(WIN32) # with the decoration of stdcall, and the pointers that an import library would have
        string(APPEND keep "_${name}@*\n__imp_${name}\n__imp__${name}@*\n")
      endif()
    endforeach()
  endforeach()
  file(CONFIGURE OUTPUT "${folder}/${inside}.names" CONTENT "${keep}" @ONLY)

  # What the linker would take from one object only, by a name, is for this object alone: the program may have something
  # else of that name. On Windows that are pointers to functions that are called by address.
  set(own_sections "")
  if(WIN32)
    set(own_sections "--set-section-flags=.rdata$.refptr.*=alloc,load,contents,readonly,data")
  endif()
  check_linker_flag(C -Wl,--force-group-allocation DDEML_LINKER_OPENS_GROUPS)

  separate_arguments(flags UNIX_COMMAND "${CMAKE_C_FLAGS}")
  if(DDEML_LINKER_OPENS_GROUPS)
    list(APPEND flags -Wl,--force-group-allocation)
  endif()
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND flags -flinker-output=nolto-rel) # machine code, whatever the objects are
  endif()
  add_custom_command(OUTPUT "${sealed}"
    COMMAND "${CMAKE_C_COMPILER}" ${flags} -r -nostdlib -o "${whole}"
      -Wl,--whole-archive "$<TARGET_FILE:${inside}>" -Wl,--no-whole-archive
    COMMAND "${CMAKE_OBJCOPY}" --wildcard "--keep-global-symbols=${folder}/${inside}.names"
      ${own_sections} --remove-section=.gnu.lto_* --remove-section=.gnu.debuglto_* "${whole}" "${sealed}"
    COMMAND "${CMAKE_COMMAND}" -E rm "${whole}"
    DEPENDS ${inside} "${folder}/${inside}.names"
    COMMENT "Sealing ${inside}"
    VERBATIM)
  set(${var} "${sealed}" PARENT_SCOPE)
endfunction()
