#pragma once

#include <cstdint>

namespace tensorferry::convert {

/// Random numbers that are the same on every machine: splitmix64 (Steele, Lea, Flood: "Fast
/// Splittable Pseudorandom Number Generators"), of which only sums are made.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  double uniform();                        ///< in [0, 1), of 53 bits
  double normal();                         ///< nearly: twelve uniform ones less six
  std::uint64_t below(std::uint64_t end);  ///< in [0, end), `end` far below 2^64

 private:
  std::uint64_t state_;
};

}  // namespace tensorferry::convert
