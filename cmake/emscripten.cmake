# The toolchain of the emcc that is on the PATH (Debian's package or an emsdk). Not `emcmake`: it
# gives node an option that node 20 refuses, and CMake then takes node's exit code for the size of
# every type.
find_program(EMCC emcc NO_CMAKE_FIND_ROOT_PATH REQUIRED)
get_filename_component(EMCC_FOLDER ${EMCC} REALPATH)
get_filename_component(EMCC_FOLDER ${EMCC_FOLDER} DIRECTORY)
set(CMAKE_CROSSCOMPILING_EMULATOR "node;--no-experimental-fetch" CACHE STRING "")
include(${EMCC_FOLDER}/cmake/Modules/Platform/Emscripten.cmake)
