#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace tensorferry::cli {
namespace {

constexpr double redraw_seconds = 0.1;
constexpr int bar_width = 24;

std::string bar_text(double share) {
  const int filled = static_cast<int>(share * bar_width);
  return std::string(filled, '#') + std::string(bar_width - filled, '.');
}

std::string line_text(std::uint64_t done, std::uint64_t total, double seconds) {
  const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const double left = rate > 0 ? static_cast<double>(total - done) / rate : 0;
  return fmt::format("[{}] {:3.0f} %  {} of {}  {}/s  {:.0f} s left", bar_text(share), share * 100,
                     bytes_text(done), bytes_text(total),
                     bytes_text(static_cast<std::uint64_t>(rate)), left);
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  double size = static_cast<double>(bytes);
  for (const char* unit : {"B", "KB", "MB"}) {
    if (size < 1000) {
      return fmt::format("{:.{}f} {}", size, unit[0] == 'B' ? 0 : 1, unit);
    }
    size /= 1000;
  }
  return fmt::format("{:.2f} GB", size);
}

ProgressDisplay::ProgressDisplay(ProgressStyle style, const io::Host& host)
    : style_(style), host_(host), started_(host.seconds()) {}

void ProgressDisplay::show(std::uint64_t done, std::uint64_t total) {
  if (style_ == ProgressStyle::None) {
    return;
  }
  const double now = host_.seconds();
  if (shown_ >= 0 && now - shown_ < redraw_seconds && done < total) {
    return;
  }
  shown_ = now;
  if (style_ == ProgressStyle::Bar) {
    host_.print_error("\r\x1b[K" + line_text(std::min(done, total), total, now - started_));
  } else {
    host_.print(
        fmt::format("{{\"event\":\"progress\",\"done\":{},\"total\":{},\"seconds\":{:.3f}}}\n",
                    done, total, now - started_));
  }
}

void ProgressDisplay::finish() {
  if (style_ == ProgressStyle::Bar && shown_ >= 0) {
    host_.print_error("\r\x1b[K");
  }
}

}  // namespace tensorferry::cli
