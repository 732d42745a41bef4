# libFuzzer comes with clang alone; Debian 12 and 13 carry it under their own version.
find_program(CLANGXX NAMES clang++-14 clang++-19 clang++ REQUIRED)
set(CMAKE_CXX_COMPILER ${CLANGXX})
