# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# What `cmake --install` puts where, and the two ways to find it again: CMake package and pkg-config.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/ddeml")

set(port_targets ddeml_port)
if(TARGET ddeml_user32)
  list(APPEND port_targets ddeml_user32 ddeml_user32_static ddeml_winmain)
endif()
install(TARGETS ddeml ddeml_static ${port_targets}
  EXPORT ddeml
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/include/winddeml.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
if(NOT WIN32)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/posix" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/ddeml")
endif()
install(EXPORT ddeml NAMESPACE ddeml:: FILE ddemlTargets.cmake DESTINATION "${package_dir}")

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/ddemlConfig.cmake.in" "${PROJECT_BINARY_DIR}/ddemlConfig.cmake"
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/ddemlConfigVersion.cmake"
  COMPATIBILITY SameMajorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/ddemlConfig.cmake"
  "${PROJECT_BINARY_DIR}/ddemlConfigVersion.cmake"
  DESTINATION "${package_dir}")

# pkg-config: paths relative to the .pc file, so that the installed tree can be moved.
set(pc_libs_private "")
if(WIN32)
  set(pc_libs_private "-luser32 -lgdi32")
elseif(CMAKE_THREAD_LIBS_INIT)
  set(pc_libs_private "${CMAKE_THREAD_LIBS_INIT}")
endif()
set(pc_port_dir "")
if(NOT WIN32)
  set(pc_port_dir "portdir=\${includedir}/ddeml/posix")
endif()
file(RELATIVE_PATH pc_prefix
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/ddeml.pc.in" "${PROJECT_BINARY_DIR}/ddeml.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/ddeml.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(TARGET ddeml_user32)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/ddeml-user32.pc.in" "${PROJECT_BINARY_DIR}/ddeml-user32.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/ddeml-user32.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()
