#pragma once

#include <cstdint>
#include <string>

#include "io/host.h"

namespace tensorferry::cli {

/// "553.4 MB", in powers of ten.
std::string bytes_text(std::uint64_t bytes);

/// How progress is shown: a bar that is redrawn on a terminal, JSON lines, or not at all.
enum class ProgressStyle { None, Bar, JsonLines };

/// Shows bytes, rate and time left, at most ten times a second.
class ProgressDisplay {
 public:
  ProgressDisplay(ProgressStyle style, const io::Host& host);
  void show(std::uint64_t done, std::uint64_t total);
  /// Wipes the bar.
  void finish();

 private:
  ProgressStyle style_;
  const io::Host& host_;
  double started_ = 0;
  double shown_ = -1;
};

}  // namespace tensorferry::cli
