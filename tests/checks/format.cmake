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
execute_process(COMMAND ${clang_format} --dry-run -Werror --ferror-limit=1 ${sources}
  RESULT_VARIABLE failed ERROR_VARIABLE said)
if(failed)
  string(REGEX MATCHALL "[^\n]*: error: code should be" places "${said}")
  list(TRANSFORM places REPLACE ":[0-9]+: error: code should be$" "")
  list(REMOVE_DUPLICATES places)
  list(JOIN places "\n  " places)
  message(FATAL_ERROR "Run clang-format -i on these (file:line of the first difference):\n  ${places}")
endif()
