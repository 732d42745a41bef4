# ccache and mold where present: a rebuild after one edit takes seconds on two cores.
find_program(CCACHE ccache)
if(CCACHE)
  # PCH needs the two sloppiness settings; base_dir lets two checkouts share the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# A designated initializer that names some fields leaves the others at their defaults: that is what it is for.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
  -Werror=return-type -Werror=switch)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)
elseif(CCACHE)
  # Without it clang's precompiled headers carry their time, and no cached object matches.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()

if(SUGANG_SANITIZE)
  add_compile_options(-fsanitize=${SUGANG_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SUGANG_SANITIZE})
endif()

if(SUGANG_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
