#include "tensor/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tensorferry::tensor {
namespace {

constexpr std::size_t bin_count = 48;

/// As float32, or float64 where it is.
Computation as_floating_point(const Computation& tensor) {
  Computation floating = tensor;
  if (floating.dtype == DType::Float32 || floating.dtype == DType::Float64) return floating;
  floating.values.push_back(Cast{DType::Float32});
  floating.dtype = DType::Float32;
  return floating;
}

/// Calls `consume` with each element in turn.
template <class Element, class Consume>
void for_each_element(std::span<const std::byte> bytes, const Consume& consume) {
  for (std::size_t at = 0; at + sizeof(Element) <= bytes.size(); at += sizeof(Element)) {
    Element element;
    std::memcpy(&element, bytes.data() + at, sizeof element);
    consume(static_cast<double>(element));
  }
}

class Reading {
 public:
  Reading(const Computation& tensor, const std::vector<io::Source>& sources,
          const MemoryLimits& limits, const std::function<void(std::uint64_t)>& progress)
      : sources_(sources), limits_(limits), progress_(progress) {
    bundle_.computations.push_back(as_floating_point(tensor));
  }

  template <class Consume>
  void read(const Consume& consume) const {
    const Computation& tensor = bundle_.computations.front();
    const std::uint64_t size = element_count(tensor.shape) * dtype_size(tensor.dtype);
    const Part part = ComputedPart{0, 0, size};
    const std::uint64_t piece = preferred_piece(bundle_, part, limits_);
    std::vector<std::byte> buffer(std::min(piece, size));
    for (std::uint64_t begin = 0; begin < size; begin += piece) {
      const std::span<std::byte> out = std::span(buffer).first(std::min(piece, size - begin));
      produce(bundle_, part, begin, sources_, {}, limits_, out);
      if (tensor.dtype == DType::Float64) {
        for_each_element<double>(out, consume);
      } else {
        for_each_element<float>(out, consume);
      }
      if (progress_) progress_(out.size());
    }
  }

 private:
  Bundle bundle_;
  const std::vector<io::Source>& sources_;
  const MemoryLimits& limits_;
  const std::function<void(std::uint64_t)>& progress_;
};

}  // namespace

Statistics statistics_of(const Computation& tensor, const std::vector<io::Source>& sources,
                         const MemoryLimits& limits,
                         const std::function<void(std::uint64_t)>& progress) {
  const Reading reading(tensor, sources, limits, progress);
  Statistics result;
  // Welford's sums: those of squares would lose what is small beside the mean.
  std::uint64_t finite = 0;
  double squares = 0;
  reading.read([&](double x) {
    ++result.count;
    if (!std::isfinite(x)) {
      ++result.not_finite;
      return;
    }
    result.minimum = finite == 0 ? x : std::min(result.minimum, x);
    result.maximum = finite == 0 ? x : std::max(result.maximum, x);
    ++finite;
    const double from_mean = x - result.mean;
    result.mean += from_mean / static_cast<double>(finite);
    squares += from_mean * (x - result.mean);
  });
  if (finite == 0) return result;
  result.deviation = std::sqrt(squares / static_cast<double>(finite));
  result.histogram.resize(bin_count);
  const double width = (result.maximum - result.minimum) / static_cast<double>(bin_count);
  reading.read([&](double x) {
    if (!std::isfinite(x)) return;
    const double at = width > 0 ? (x - result.minimum) / width : 0;
    ++result.histogram[std::min(static_cast<std::size_t>(at), bin_count - 1)];
  });
  return result;
}

}  // namespace tensorferry::tensor
