#include "js_source.h"

#include <emscripten.h>
#include <emscripten/bind.h>

#include <string>

#include "io/error.h"

// 1, with the reason kept as the source's `failure`, where the bytes did not come.
EM_JS(int, tensorferry_read_source,
      (emscripten::EM_VAL handle, double offset, void* out, double length), {
        const source = Emval.toValue(handle);
        try {
          const bytes = source.read(offset, length);
          if (bytes.length != length) {
            source.failure = bytes.length + ' of ' + length + ' bytes came';
            return 1;
          }
          HEAPU8.set(bytes, out);
          return 0;
        } catch (error) {
          source.failure = String((error && error.message) || error);
          return 1;
        }
      });

namespace tensorferry {

using emscripten::val;

io::Source js_source(const val& file) {
  io::Source source;
  source.name = file["name"].as<std::string>();
  source.size = static_cast<std::uint64_t>(file["size"].as<double>());
  source.read = [file, name = source.name](std::uint64_t offset, std::span<std::byte> out) {
    if (tensorferry_read_source(file.as_handle(), static_cast<double>(offset), out.data(),
                                static_cast<double>(out.size())) != 0) {
      throw io::Error(io::ErrorCode::ReadFailed,
                      "Reading " + std::to_string(out.size()) + " bytes at " +
                          std::to_string(offset) + " of " + name +
                          " failed: " + file["failure"].as<std::string>() + ".");
    }
  };
  return source;
}

std::vector<io::Source> js_sources(const val& files) {
  std::vector<io::Source> sources;
  const auto count = files["length"].as<unsigned>();
  for (unsigned i = 0; i < count; ++i) {
    sources.push_back(js_source(files[i]));
  }
  return sources;
}

}  // namespace tensorferry
