# sugang_module(NAME [LINK targets...] [PCH headers...] [WITHOUT files...])
# One static library per folder, from every .cpp in it but WITHOUT. Third-party headers count as system headers.
function(sugang_module name)
  cmake_parse_arguments(ARG "" "" "LINK;PCH;WITHOUT" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(TRANSFORM ARG_WITHOUT PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  list(REMOVE_ITEM sources ${ARG_WITHOUT})
  if(NOT sources)
    # Headers alone: nothing to archive, the folder still carries its links.
    add_library(sugang_${name} INTERFACE)
    target_include_directories(sugang_${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(sugang_${name} INTERFACE ${ARG_LINK})
    return()
  endif()
  add_library(sugang_${name} STATIC ${sources})
  target_include_directories(sugang_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(sugang_${name} PUBLIC ${ARG_LINK})
  if(ARG_PCH)
    target_precompile_headers(sugang_${name} PRIVATE ${ARG_PCH})
  endif()
endfunction()

# The program carries FILE as the std::string_view SYMBOL, which HEADER declares.
function(sugang_embed target file symbol header)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cpp)
  cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
  set(script ${CMAKE_SOURCE_DIR}/cmake/embed_text.cmake)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -D INPUT=${file} -D OUTPUT=${source} -D SYMBOL=${symbol} -D HEADER=${header} -P ${script}
    DEPENDS ${file} ${script}
    VERBATIM)
  target_sources(${target} PRIVATE ${source})
endfunction()
