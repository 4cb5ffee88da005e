# Header-only libraries: {fmt}, nlohmann/json, tl::expected and doctest, as the system's packages install them.
# Only wasm needs care: emcc must never see the whole of /usr/include, so it gets a folder that holds
# links to these libraries alone.
function(tensorferry_header_library name header)
  find_path(TENSORFERRY_${name}_INCLUDE ${header} NO_CMAKE_FIND_ROOT_PATH
    PATHS /usr/include /usr/local/include)
  if(NOT TENSORFERRY_${name}_INCLUDE)
    message(FATAL_ERROR
      "${header} was not found (Debian: nlohmann-json3-dev, libfmt-dev, libexpected-dev, doctest-dev); "
      "set TENSORFERRY_${name}_INCLUDE to the folder that holds it.")
  endif()
  set(include ${TENSORFERRY_${name}_INCLUDE})
  if(EMSCRIPTEN)
    get_filename_component(folder ${header} DIRECTORY)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include)
    file(CREATE_LINK ${include}/${folder} ${CMAKE_BINARY_DIR}/include/${folder} SYMBOLIC)
    set(include ${CMAKE_BINARY_DIR}/include)
  endif()
  add_library(${name} INTERFACE)
  target_include_directories(${name} SYSTEM INTERFACE ${include})
endfunction()

tensorferry_header_library(fmt_headers fmt/format.h)
tensorferry_header_library(json_headers nlohmann/json.hpp)
tensorferry_header_library(expected_headers tl/expected.hpp)
# Neither may bring iostreams and locales along: they would be a tenth of the module. The separator is
# a comma (as a number: quotes do not survive every build tool).
target_compile_definitions(fmt_headers INTERFACE
  FMT_HEADER_ONLY=1 FMT_STATIC_THOUSANDS_SEPARATOR=44)
target_compile_definitions(json_headers INTERFACE JSON_NO_IO=1)
if(NOT EMSCRIPTEN)
  tensorferry_header_library(doctest_headers doctest/doctest.h)
endif()
