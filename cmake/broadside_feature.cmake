# What all our targets share: the language level, warnings and sanitizers that presets chose. Nothing of it is exported.
function(broadside_setup target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  if(BROADSIDE_WARNINGS)
    target_compile_options(${target} PRIVATE ${BROADSIDE_WARNINGS})
    # gcc 12 sees an overlapping copy in `"text" + std::string` once it is optimised, where there is none (GCC PR 105651),
    # and an uninitialised read in assigning a short literal to a string (GCC PR 105562).
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      target_compile_options(${target} PRIVATE -Wno-restrict -Wno-maybe-uninitialized)
    endif()
  endif()
  if(BROADSIDE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${BROADSIDE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${BROADSIDE_SANITIZE})
    # gcc warns that its ThreadSanitizer does not follow the fences in Asio; ours are none.
    if(BROADSIDE_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -Wno-tsan)
    endif()
  endif()
  if(BROADSIDE_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(${target} PUBLIC -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# broadside_feature(<name> SOURCES <files…> [USES <features…>] [LINK <libraries…>])
#
# One folder of src/ as an object library `broadside_<name>`. USES names the features below it: dependencies point one
# way, and a unit test that links only its feature proves it.
function(broadside_feature name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;LINK" ${ARGN})
  set(target broadside_${name})
  add_library(${target} OBJECT ${arg_SOURCES})
  broadside_setup(${target})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
  target_link_libraries(${target} PUBLIC Boost::headers ${arg_LINK})
  foreach(feature IN LISTS arg_USES)
    target_link_libraries(${target} PUBLIC broadside_${feature})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY BROADSIDE_FEATURES ${name})
  set_property(GLOBAL PROPERTY BROADSIDE_USES_${name} ${arg_USES})
endfunction()

# Every feature that `names` need, themselves included, each once, in `out`.
function(broadside_closure out)
  set(todo ${ARGN})
  set(seen)
  while(todo)
    list(POP_FRONT todo name)
    if(NOT name IN_LIST seen)
      list(APPEND seen ${name})
      get_property(uses GLOBAL PROPERTY BROADSIDE_USES_${name})
      list(APPEND todo ${uses})
    endif()
  endwhile()
  set(${out} ${seen} PARENT_SCOPE)
endfunction()

# Links the objects of `features` and of all they use into an executable.
function(broadside_link_features target)
  broadside_closure(all ${ARGN})
  foreach(name IN LISTS all)
    target_link_libraries(${target} PRIVATE broadside_${name})
  endforeach()
endfunction()
