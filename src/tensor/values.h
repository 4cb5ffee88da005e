#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "tensor/produce.h"
#include "tensor/transform.h"

namespace tensorferry::tensor {

/// Reverses the bytes of each element in place.
void swap_bytes(std::span<std::byte> elements, std::size_t element_size);

/// The dtype that an operation gives.
DType dtype_after(const ValueOp& op, DType before);

/// Value operations made ready to run: Quantize has its range.
class ValuePipeline {
 public:
  /// Throws Error{Internal} if a result that Quantize needs is missing.
  ValuePipeline(const std::vector<ValueOp>& ops, const ReduceResults& results);

  bool empty() const { return steps_.empty(); }

  /// `from` holds elements of dtype `dtype` in the machine's byte order; as many of the resulting
  /// dtype fill `to`. The spans must not overlap.
  void run(std::span<const std::byte> from, DType dtype, std::span<std::byte> to) const;

 private:
  struct Step {
    ValueOp op;
    QuantizationRange range;  ///< of Quantize
  };
  void run_block(const std::byte* from, DType dtype, std::size_t count, std::byte* to) const;

  std::vector<Step> steps_;
};

/// Widens the range to these elements; a NaN makes both ends NaN, as numpy's min and max.
struct ValueRange {
  double minimum = 0;
  double maximum = 0;
  bool empty = true;
};
void extend_range(ValueRange& range, std::span<const std::byte> elements, DType dtype);

}  // namespace tensorferry::tensor
