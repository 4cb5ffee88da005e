#pragma once

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace tensorferry::test {

/// Random numbers that are the same in each run.
class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}

  /// Within [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + engine_() % (high - low + 1);
  }
  bool chance(double probability) { return engine_() < probability * 4294967296.0; }

  template <class Element>
  void shuffle(std::vector<Element>& list) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[between(0, i - 1)]);
  }

 private:
  std::mt19937 engine_;
};

}  // namespace tensorferry::test
