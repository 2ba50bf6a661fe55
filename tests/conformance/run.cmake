# cmake -D PROGRAM=… -D MODE=… -D VECTORS=FILE -D EXIT_CODE=… [-D SAYS=REGEX] -P run.cmake
#
# FILE may be the folder of a mode that wants one.
# Runs one mode over a file and fails unless the program ends as expected; shows what is not a pass, and the counts.
if(IS_DIRECTORY ${VECTORS})
  set(vectors ${VECTORS})
else()
  set(vectors INPUT_FILE ${VECTORS})
endif()
execute_process(COMMAND ${PROGRAM} --quiet ${MODE} ${vectors}
  RESULT_VARIABLE ended OUTPUT_VARIABLE said ERROR_VARIABLE complained)
message("${said}${complained}")
if(NOT ended STREQUAL EXIT_CODE)
  message(FATAL_ERROR "${MODE} over ${VECTORS} ended with ${ended}, not ${EXIT_CODE}")
endif()
if(NOT "${SAYS}" STREQUAL "" AND NOT "\n${said}" MATCHES "${SAYS}")
  message(FATAL_ERROR "${MODE} over ${VECTORS} does not say: ${SAYS}")
endif()
