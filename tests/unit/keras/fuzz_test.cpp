#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "io/error.h"
#include "keras/read.h"
#include "pack.h"

using namespace tensorferry;

// HDF5 asks for as much memory as a damaged header says, and copes with getting none.
#if defined(__SANITIZE_ADDRESS__)
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
#endif

namespace {

// A value or an io::Error; anything else ends the process or the test.
void read(std::vector<std::byte> bytes) {
  try {
    keras::read_model({io::memory_source("fuzz.h5", std::move(bytes))});
  } catch (const io::Error&) {
  }
}

std::uint32_t next(std::uint32_t& state) {
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

// Old and new groups, contiguous and chunked, weights of the newer layout.
const std::pair<const char*, const char*> seeds[] = {
    {"containers", "keras2/plain.h5"},
    {"containers", "keras3/libver_latest.h5"},
    {"containers", "keras3/latest_chunked.h5"},
    {"weights_only", "keras3/conv_keras.weights.h5"},
};

}  // namespace

TEST_CASE("a file cut anywhere ends in an error, never in a crash") {
  for (const auto& [family, name] : seeds) {
    const std::vector<std::byte> bytes = test::read_bytes(test::pack_file(family, name));
    for (std::size_t size = 0; size < bytes.size(); size += bytes.size() / 125 + 1) {
      read({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
    }
  }
}

TEST_CASE("flipped bytes end in a value or an error") {
  std::uint32_t state = 1;
  for (const auto& [family, name] : seeds) {
    const std::vector<std::byte> whole = test::read_bytes(test::pack_file(family, name));
    for (int round = 0; round < 400; ++round) {
      std::vector<std::byte> bytes = whole;
      const std::uint32_t flips = 1 + next(state) % 8;
      for (std::uint32_t i = 0; i < flips; ++i) {
        bytes[next(state) % bytes.size()] = static_cast<std::byte>(next(state));
      }
      read(std::move(bytes));
    }
  }
}
