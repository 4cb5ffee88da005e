#include "tensor/boxes.h"

#include <algorithm>

namespace tensorferry::tensor {

std::vector<std::uint64_t> row_major_steps(const Shape& shape) {
  std::vector<std::uint64_t> steps(shape.size());
  std::uint64_t step = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    steps[axis] = step;
    step *= shape[axis];
  }
  return steps;
}

std::vector<Box> boxes_of_range(const Shape& shape, std::uint64_t first, std::uint64_t count) {
  std::vector<Box> boxes;
  if (shape.empty()) {
    if (count > 0) boxes.push_back({});
    return boxes;
  }
  const std::vector<std::uint64_t> steps = row_major_steps(shape);
  while (count > 0) {
    // The outermost axis whose whole steps fit here: the range must begin on one of its borders.
    std::size_t axis = shape.size() - 1;
    while (axis > 0 && first % steps[axis - 1] == 0 && count >= steps[axis - 1]) --axis;
    Box box;
    std::uint64_t rest = first;
    for (std::size_t k = 0; k < shape.size(); ++k) {
      box.start.push_back(k <= axis ? rest / steps[k] : 0);
      rest %= steps[k];
      box.extent.push_back(k < axis ? 1 : shape[k]);
    }
    box.extent[axis] = std::min(shape[axis] - box.start[axis], count / steps[axis]);
    const std::uint64_t covered = box.extent[axis] * steps[axis];
    boxes.push_back(std::move(box));
    first += covered;
    count -= covered;
  }
  return boxes;
}

bool advance(std::vector<std::uint64_t>& index, const std::vector<std::uint64_t>& extents) {
  for (std::size_t axis = index.size(); axis-- > 0;) {
    if (++index[axis] < extents[axis]) return true;
    index[axis] = 0;
  }
  return false;
}

}  // namespace tensorferry::tensor
