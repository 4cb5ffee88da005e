#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "io/error.h"
#include "io/overloaded.h"
#include "tensor/transform.h"
#include "tensor/values.h"

namespace tensorferry::tensor {

namespace {

[[noreturn]] void refuse(const Computation& computation, const std::string& what) {
  const std::string name = computation.inputs.empty() ? "?" : computation.inputs.front().name;
  throw io::Error(io::ErrorCode::Internal, fmt::format("The computation from {}: {}", name, what));
}

void check_view(const Computation& computation, const View& view) {
  if (view.input >= computation.inputs.size()) refuse(computation, "a view of no input.");
  if (view.shape.size() != view.strides.size()) refuse(computation, "strides without extents.");
  if (element_count(view.shape) == 0) return;
  std::int64_t lowest = view.offset;
  std::int64_t highest = view.offset;
  for (std::size_t axis = 0; axis < view.shape.size(); ++axis) {
    const std::int64_t reach = static_cast<std::int64_t>(view.shape[axis] - 1) * view.strides[axis];
    (reach < 0 ? lowest : highest) += reach;
  }
  const std::uint64_t count = element_count(computation.inputs[view.input].shape);
  if (lowest < 0 || static_cast<std::uint64_t>(highest) >= count) {
    refuse(computation,
           fmt::format("a view reaches elements {} to {} of {}.", lowest, highest, count));
  }
}

void check_combinations(const Computation& computation) {
  if (computation.combinations.empty()) return;
  if (computation.views.size() != 1 || computation.dtype != DType::Float32) {
    refuse(computation, "a combination of what is not one view of float32.");
  }
  for (const Combination& combination : computation.combinations) {
    const bool product = combination.kind == Combination::Kind::AddProduct;
    if (combination.operands.size() != (product ? 2 : 1)) refuse(computation, "missing operands.");
    for (const View& view : combination.operands) {
      check_view(computation, view);
      if (element_count(view.shape) != element_count(computation.shape) ||
          computation.inputs[view.input].dtype != DType::Float32) {
        refuse(computation, "an operand of another shape, or not of float32.");
      }
    }
  }
}

void check_extents(const Computation& computation) {
  const Shape& shape = computation.shape;
  if (computation.views.empty()) refuse(computation, "no view.");
  const std::size_t axis = computation.views.size() > 1 ? computation.axis : 0;
  if (axis > shape.size())
    refuse(computation, fmt::format("axis {} of ({}).", axis, fmt::join(shape, ",")));
  std::uint64_t tails = 0;
  for (const View& view : computation.views) {
    const bool fits = view.shape.size() >= axis &&
                      std::equal(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(axis),
                                 view.shape.begin());
    if (!fits) {
      refuse(computation, fmt::format("a view of shape ({}) in an output of shape ({}).",
                                      fmt::join(view.shape, ","), fmt::join(shape, ",")));
    }
    tails +=
        element_count({view.shape.begin() + static_cast<std::ptrdiff_t>(axis), view.shape.end()});
  }
  const std::uint64_t expected =
      element_count({shape.begin() + static_cast<std::ptrdiff_t>(axis), shape.end()});
  if (tails != expected) {
    refuse(computation, fmt::format("views of {} elements in all from axis {} of ({}) on.", tails,
                                    axis, fmt::join(shape, ",")));
  }
}

}  // namespace

Computation identity_computation(const TensorRef& tensor) {
  Computation computation;
  computation.inputs = {tensor};
  computation.views = {identity_view(0, tensor.shape)};
  computation.dtype = tensor.dtype;
  computation.shape = tensor.shape;
  computation.chain = "identity";
  return computation;
}

void check_computation(const Computation& computation) {
  check_extents(computation);
  check_combinations(computation);
  for (const View& view : computation.views) {
    check_view(computation, view);
    DType dtype = computation.inputs[view.input].dtype;
    for (const ValueOp& op : computation.values) dtype = dtype_after(op, dtype);
    if (dtype != computation.dtype) {
      refuse(computation, fmt::format("its values become {}, not {}.", dtype_name(dtype),
                                      dtype_name(computation.dtype)));
    }
  }
}

bool is_plain_copy(const Computation& computation) {
  if (computation.views.size() != 1 || !computation.values.empty() ||
      !computation.combinations.empty()) {
    return false;
  }
  const View& view = computation.views.front();
  const TensorRef& input = computation.inputs[view.input];
  if (input.dtype != computation.dtype) return false;
  if (input.big_endian && dtype_size(input.dtype) > 1) return false;
  const bool addressable = std::holds_alternative<Contiguous>(input.storage) ||
                           std::holds_alternative<Inline>(input.storage);
  if (!addressable) return false;
  const std::vector<std::int64_t> dense = identity_view(0, view.shape).strides;
  for (std::size_t axis = 0; axis < view.shape.size(); ++axis) {
    if (view.shape[axis] > 1 && view.strides[axis] != dense[axis]) return false;
  }
  return true;
}

QuantizationRange quantization_range(double minimum, double maximum, DType to) {
  if (minimum == maximum) return {1, minimum, maximum};
  const double levels = to == DType::UInt8 ? 255 : 65535;
  const double scale = (maximum - minimum) / levels;
  if (minimum > 0 || maximum < 0) return {scale, minimum, maximum};
  const double zero_point = std::nearbyint((0 - minimum) / scale);
  const double nudged = -zero_point * scale;
  return {scale, nudged, levels * scale + nudged};
}

}  // namespace tensorferry::tensor
