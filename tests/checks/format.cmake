# cmake -D ROOT=… -P format.cmake
#
# Every source is as clang-format 14 writes it (Debian 12's; other versions write some lines differently).
find_program(clang_format NAMES clang-format-14 clang-format)
if(NOT clang_format)
  message(FATAL_ERROR "clang-format is not installed (cmake/packages.txt lists it)")
endif()
set(sources)
foreach(folder include src tests bench examples)
  file(GLOB_RECURSE found ${ROOT}/${folder}/*.hpp ${ROOT}/${folder}/*.cpp)
  list(APPEND sources ${found})
endforeach()
execute_process(COMMAND ${clang_format} --dry-run -Werror ${sources} RESULT_VARIABLE failed ERROR_VARIABLE said)
if(failed)
  message(FATAL_ERROR "Not formatted; run clang-format -i on these:\n${said}")
endif()
