# The install tree: headers, the two libraries, what find_package(broadside) needs, the programs.
include(CMakePackageConfigHelpers)

set(broadside_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/broadside)
set(installed broadside)
if(BROADSIDE_TESTING)
  list(APPEND installed broadside_testing)
endif()
install(TARGETS ${installed} EXPORT broadside_targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT broadside_targets NAMESPACE broadside:: DESTINATION ${broadside_config_dir})
foreach(program broadside-simulator broadside-send broadside-check)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/broadside-config.cmake.in ${PROJECT_BINARY_DIR}/broadside-config.cmake
  INSTALL_DESTINATION ${broadside_config_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/broadside-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/broadside-config.cmake ${PROJECT_BINARY_DIR}/broadside-config-version.cmake
  ${PROJECT_SOURCE_DIR}/cmake/Findlmdb.cmake ${PROJECT_SOURCE_DIR}/cmake/Findutf8proc.cmake ${PROJECT_SOURCE_DIR}/cmake/Findxxhash.cmake
  DESTINATION ${broadside_config_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
