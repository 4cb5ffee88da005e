# One static library a room (a folder of src/), one doctest executable a room, and the command.
# The presets build a room's files in batches (CMAKE_UNITY_BUILD), which is several times faster, as
# most of the time goes into the same templates again and again; so names in anonymous namespaces
# must differ within a room.
# A room that has no sources yet is an interface of its headers, so that others can link it.

add_library(tensorferry_options INTERFACE)
target_include_directories(tensorferry_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(tensorferry_options INTERFACE fmt_headers json_headers expected_headers)
target_compile_options(tensorferry_options INTERFACE -Wall -Wextra -Werror=switch-enum)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12's optimizer sees overflows in the standard library that are not there (its bug 105651).
  target_compile_options(tensorferry_options INTERFACE
    -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
endif()
target_compile_definitions(tensorferry_options INTERFACE
  TENSORFERRY_VERSION="${PROJECT_VERSION}")
if(EMSCRIPTEN)
  # At -Oz emcc's driver forbids inlining, even of what fills a buffer; of the copies of a template that
  # the rooms make the linker takes any.
  target_compile_options(tensorferry_options INTERFACE
    -fwasm-exceptions -msimd128 -finline-functions)
endif()

# The files of src/tensor that every byte of a weight goes through.
set(kernels filters.cpp gather.cpp reduce.cpp sha256.cpp strided_copy.cpp values.cpp)

# tensorferry_room(NAME ROOM…): the library tensorferry_NAME, which may know the rooms that follow.
function(tensorferry_room name)
  if(name STREQUAL convert)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*.cpp
      ${CMAKE_SOURCE_DIR}/src/convert/*.cpp)
  else()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  endif()
  if(name STREQUAL torch)
    # What the models of torchvision and timm hold, as text in the program.
    set(targets ${CMAKE_SOURCE_DIR}/src/torch/match/targets)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${targets}.txt)
    file(READ ${targets}.txt TARGETS)
    configure_file(${targets}_text.cpp.in ${CMAKE_BINARY_DIR}/targets_text.cpp @ONLY)
    list(APPEND sources ${CMAKE_BINARY_DIR}/targets_text.cpp)
  endif()
  # main() belongs to the executable; src/cli/native to systems that have files.
  list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/src/cli/main.cpp)
  if(EMSCRIPTEN)
    list(FILTER sources EXCLUDE REGEX "/src/cli/native/")
  endif()
  list(TRANSFORM ARGN PREPEND tensorferry_)
  if(sources)
    add_library(tensorferry_${name} STATIC ${sources})
    target_link_libraries(tensorferry_${name} PUBLIC tensorferry_options ${ARGN})
    # In the module size matters, but for the kernels that every byte goes through.
    if(EMSCRIPTEN)
      target_compile_options(tensorferry_${name} PRIVATE -Oz -fno-rtti)
      if(name STREQUAL tensor)
        list(TRANSFORM kernels PREPEND ${CMAKE_SOURCE_DIR}/src/tensor/ OUTPUT_VARIABLE files)
        set_source_files_properties(${files} PROPERTIES COMPILE_OPTIONS -O3)
      endif()
    endif()
  else()
    add_library(tensorferry_${name} INTERFACE)
    target_link_libraries(tensorferry_${name} INTERFACE tensorferry_options ${ARGN})
  endif()
endfunction()

# tensorferry_room_uses(NAME LIBRARY…): third-party libraries of this room alone.
function(tensorferry_room_uses name)
  get_target_property(type tensorferry_${name} TYPE)
  if(NOT type STREQUAL INTERFACE_LIBRARY)
    target_link_libraries(tensorferry_${name} PRIVATE ${ARGN})
  endif()
endfunction()

function(tensorferry_executable)
  if(EXISTS ${CMAKE_SOURCE_DIR}/src/cli/main.cpp)
    add_executable(tensorferry ${CMAKE_SOURCE_DIR}/src/cli/main.cpp)
    target_link_libraries(tensorferry PRIVATE tensorferry_cli)
  endif()
endfunction()

# unit_<room> for each folder of tests/unit; they run in the project's root, where fixtures are.
function(tensorferry_unit_tests)
  add_library(unit_main STATIC ${CMAKE_SOURCE_DIR}/tests/unit/main.cpp)
  target_link_libraries(unit_main PUBLIC doctest_headers tensorferry_options)
  file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true ${CMAKE_SOURCE_DIR}/tests/unit/*)
  foreach(folder ${folders})
    get_filename_component(room ${folder} NAME)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    # A folder inside a room has its tests beside the room's own.
    string(REGEX REPLACE "^keras_layers$" keras library ${room})
    string(REGEX REPLACE "^passes$" graph library ${library})
    if(IS_DIRECTORY ${folder} AND sources)
      add_executable(unit_${room} ${sources})
      set_target_properties(unit_${room} PROPERTIES UNITY_BUILD OFF)
      target_include_directories(unit_${room} PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
      target_link_libraries(unit_${room} PRIVATE unit_main tensorferry_${library})
      add_test(NAME ${room} COMMAND unit_${room} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    endif()
  endforeach()
endfunction()
