# sugang_module(NAME [LINK targets...] [PCH headers...] [WITHOUT files...])
# One static library per folder, from every .cpp in it but WITHOUT. Third-party headers count as system headers.
# A target sees its own folder and those that it links, each through a link of its own: no other include compiles.
function(sugang_module name)
  cmake_parse_arguments(ARG "" "" "LINK;PCH;WITHOUT" ${ARGN})
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE folder)
  set(seen ${CMAKE_BINARY_DIR}/include/${name})
  cmake_path(GET folder PARENT_PATH parent)
  file(MAKE_DIRECTORY ${seen}/${parent})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${seen}/${folder} SYMBOLIC)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(TRANSFORM ARG_WITHOUT PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  list(REMOVE_ITEM sources ${ARG_WITHOUT})
  if(NOT sources)
    # Headers alone: nothing to archive, the folder still carries its links.
    add_library(sugang_${name} INTERFACE)
    target_include_directories(sugang_${name} INTERFACE ${seen})
    target_link_libraries(sugang_${name} INTERFACE ${ARG_LINK})
    return()
  endif()
  add_library(sugang_${name} STATIC ${sources})
  target_include_directories(sugang_${name} PUBLIC ${seen})
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
