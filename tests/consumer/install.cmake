# cmake -D BUILD=… -D PREFIX=… -D INCLUDEDIR=… -D HEADERS=… -P install.cmake
#
# Installs into an empty prefix and compares: every public header is installed, and nothing else is.
file(REMOVE_RECURSE ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX} COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)

file(GLOB_RECURSE public RELATIVE ${HEADERS} ${HEADERS}/*)
file(GLOB_RECURSE installed RELATIVE ${PREFIX}/${INCLUDEDIR} ${PREFIX}/${INCLUDEDIR}/*)
set(missing ${public})
list(REMOVE_ITEM missing ${installed})
set(unexpected ${installed})
list(REMOVE_ITEM unexpected ${public})
if(missing OR unexpected)
  message(FATAL_ERROR "Not installed (is it in the FILE_SET of src/CMakeLists.txt?): ${missing}\nNot public: ${unexpected}")
endif()
