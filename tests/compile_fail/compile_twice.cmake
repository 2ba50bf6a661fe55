# cmake -D COMPILER=… -D INCLUDE=… -D SOURCE=… -P compile_twice.cmake
file(STRINGS ${SOURCE} expected REGEX "^// refuses: ")
if(NOT expected)
  message(FATAL_ERROR "${SOURCE} has no `// refuses: <regular expression>` line")
endif()
string(REGEX REPLACE "^// refuses: " "" expected "${expected}")

set(compile ${COMPILER} -std=c++20 -fsyntax-only -Wall -Wextra -Werror -I${INCLUDE} ${SOURCE})
execute_process(COMMAND ${compile} RESULT_VARIABLE failed ERROR_VARIABLE said)
if(failed)
  message(FATAL_ERROR "The right use does not compile:\n${said}")
endif()

execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C ${compile} -DBROADSIDE_MISUSE
  RESULT_VARIABLE failed ERROR_VARIABLE said)
if(NOT failed)
  message(FATAL_ERROR "The misuse compiles")
endif()
if(NOT said MATCHES "${expected}")
  message(FATAL_ERROR "The misuse is refused for another reason than /${expected}/:\n${said}")
endif()
