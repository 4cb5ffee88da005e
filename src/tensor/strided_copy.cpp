#include "tensor/strided_copy.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tensorferry::tensor {

namespace {

using Axes = std::vector<CopyAxis>;

// Calls `inner(from, to)` at every index of the axes, the last one fastest.
template <class Inner>
void for_each_index(const Axes& axes, const std::byte* from, std::byte* to, std::size_t size,
                    const Inner& inner) {
  std::vector<std::uint64_t> index(axes.size(), 0);
  const auto bytes = [size](std::int64_t steps) {
    return static_cast<std::ptrdiff_t>(steps * static_cast<std::int64_t>(size));
  };
  while (true) {
    inner(from, to);
    std::size_t axis = axes.size();
    while (axis > 0) {
      const CopyAxis& it = axes[--axis];
      from += bytes(it.from);
      to += bytes(it.to);
      if (++index[axis] < it.extent) break;
      from -= bytes(it.from * static_cast<std::int64_t>(it.extent));
      to -= bytes(it.to * static_cast<std::int64_t>(it.extent));
      index[axis] = 0;
      if (axis == 0) return;
    }
    if (axes.empty()) return;
  }
}

template <class Element>
void copy_line(const std::byte* from, std::byte* to, const CopyAxis& axis) {
  constexpr std::ptrdiff_t size = sizeof(Element);
  const std::ptrdiff_t from_step = static_cast<std::ptrdiff_t>(axis.from) * size;
  const std::ptrdiff_t to_step = static_cast<std::ptrdiff_t>(axis.to) * size;
  for (std::uint64_t i = 0; i < axis.extent; ++i) {
    Element element;
    std::memcpy(&element, from, size);
    std::memcpy(to, &element, size);
    from += from_step;
    to += to_step;
  }
}

// Neighbouring source elements that fill a cache line.
template <class Element>
constexpr std::size_t line_width = 64 / sizeof(Element);

// A line of the source at each of the rows of an axis: it is read once and as many lines are
// written side by side.
template <class Element>
void copy_columns(const std::byte* from, std::byte* to, const CopyAxis& rows,
                  std::int64_t to_step) {
  constexpr std::ptrdiff_t size = sizeof(Element);
  constexpr std::size_t width = line_width<Element>;
  const std::ptrdiff_t next_row_from = static_cast<std::ptrdiff_t>(rows.from) * size;
  const std::ptrdiff_t next_row_to = static_cast<std::ptrdiff_t>(rows.to) * size;
  const std::ptrdiff_t next_column = static_cast<std::ptrdiff_t>(to_step) * size;
  for (std::uint64_t row = 0; row < rows.extent; ++row) {
    Element line[width];
    std::memcpy(line, from, sizeof(line));
    std::byte* column = to;
    for (std::size_t i = 0; i < width; ++i) {
      std::memcpy(column, &line[i], size);
      column += next_column;
    }
    from += next_row_from;
    to += next_row_to;
  }
}

// The same for as many rows as a line has elements, which follow one another in the destination:
// each of its lines is written at once, so it need not stay in the cache (where the lines of a
// matrix whose width is a power of two drive one another out).
template <class Element>
void copy_block(const std::byte* from, std::byte* to, std::ptrdiff_t from_row,
                std::ptrdiff_t to_column) {
  constexpr std::size_t width = line_width<Element>;
  Element block[width][width];
  for (std::size_t row = 0; row < width; ++row) {
    std::memcpy(block[row], from + static_cast<std::ptrdiff_t>(row) * from_row, sizeof(block[row]));
  }
  for (std::size_t column = 0; column < width; ++column) {
    Element line[width];
    for (std::size_t row = 0; row < width; ++row) line[row] = block[row][column];
    std::memcpy(to + static_cast<std::ptrdiff_t>(column) * to_column, line, sizeof(line));
  }
}

// Four by four at a time, in registers.
template <>
void copy_block<std::uint32_t>(const std::byte* from, std::byte* to, std::ptrdiff_t from_row,
                               std::ptrdiff_t to_column) {
  using Four = std::uint32_t __attribute__((vector_size(16)));
  constexpr std::ptrdiff_t width = line_width<std::uint32_t>;
  for (std::ptrdiff_t row = 0; row < width; row += 4) {
    for (std::ptrdiff_t column = 0; column < width; column += 4) {
      const std::byte* source = from + row * from_row + column * 4;
      std::byte* target = to + column * to_column + row * 4;
      Four in[4];
      for (std::ptrdiff_t i = 0; i < 4; ++i) std::memcpy(&in[i], source + i * from_row, 16);
      const Four low_01 = __builtin_shufflevector(in[0], in[1], 0, 4, 1, 5);
      const Four high_01 = __builtin_shufflevector(in[0], in[1], 2, 6, 3, 7);
      const Four low_23 = __builtin_shufflevector(in[2], in[3], 0, 4, 1, 5);
      const Four high_23 = __builtin_shufflevector(in[2], in[3], 2, 6, 3, 7);
      const Four out[4] = {__builtin_shufflevector(low_01, low_23, 0, 1, 4, 5),
                           __builtin_shufflevector(low_01, low_23, 2, 3, 6, 7),
                           __builtin_shufflevector(high_01, high_23, 0, 1, 4, 5),
                           __builtin_shufflevector(high_01, high_23, 2, 3, 6, 7)};
      for (std::ptrdiff_t i = 0; i < 4; ++i) std::memcpy(target + i * to_column, &out[i], 16);
    }
  }
}

template <class Element>
void copy_rows(const std::byte* from, std::byte* to, CopyAxis rows, std::int64_t to_step) {
  constexpr std::ptrdiff_t size = sizeof(Element);
  constexpr std::uint64_t width = line_width<Element>;
  // Eight of the widest elements gain nothing.
  while (size <= 4 && rows.to == 1 && rows.extent >= width) {
    copy_block<Element>(from, to, static_cast<std::ptrdiff_t>(rows.from) * size,
                        static_cast<std::ptrdiff_t>(to_step) * size);
    from += static_cast<std::ptrdiff_t>(width) * static_cast<std::ptrdiff_t>(rows.from) * size;
    to += static_cast<std::ptrdiff_t>(width) * size;
    rows.extent -= width;
  }
  copy_columns<Element>(from, to, rows, to_step);
}

// The axis `line` is dense in the source and not in the destination. It is cut into cache lines,
// and all other axes run within each cut, so that the destination's lines are filled while they are
// hot.
template <class Element>
void transpose(const std::byte* from, std::byte* to, Axes axes, std::size_t line) {
  constexpr std::size_t width = line_width<Element>;
  const CopyAxis columns = axes[line];
  axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(line));
  CopyAxis rows{1, 0, 0};
  if (!axes.empty()) {
    rows = axes.back();
    axes.pop_back();
  }
  constexpr std::size_t size = sizeof(Element);
  std::uint64_t column = 0;
  for (; column + width <= columns.extent; column += width) {
    for_each_index(axes, from, to, size, [&](const std::byte* source, std::byte* target) {
      copy_rows<Element>(source, target, rows, columns.to);
    });
    from += width * size;
    to += static_cast<std::ptrdiff_t>(width * size) * columns.to;
  }
  if (column == columns.extent) return;
  const CopyAxis rest{columns.extent - column, columns.from, columns.to};
  axes.push_back(rows);
  for_each_index(axes, from, to, size, [&](const std::byte* source, std::byte* target) {
    copy_line<Element>(source, target, rest);
  });
}

template <class Element>
void copy_elements(const std::byte* from, std::byte* to, Axes axes) {
  const auto dense =
      std::find_if(axes.begin(), axes.end(), [](const CopyAxis& axis) { return axis.from == 1; });
  if (dense != axes.end() && dense->extent >= 4) {
    const auto line = static_cast<std::size_t>(dense - axes.begin());
    transpose<Element>(from, to, std::move(axes), line);
    return;
  }
  const CopyAxis last = axes.back();
  axes.pop_back();
  for_each_index(axes, from, to, sizeof(Element), [&](const std::byte* source, std::byte* target) {
    copy_line<Element>(source, target, last);
  });
}

}  // namespace

std::vector<CopyAxis> simplified(std::vector<CopyAxis> axes) {
  axes.erase(std::remove_if(axes.begin(), axes.end(),
                            [](const CopyAxis& axis) { return axis.extent == 1; }),
             axes.end());
  std::stable_sort(axes.begin(), axes.end(), [](const CopyAxis& a, const CopyAxis& b) {
    return std::llabs(a.to) > std::llabs(b.to);
  });
  std::vector<CopyAxis> merged;
  for (const CopyAxis& axis : axes) {
    const auto extent = static_cast<std::int64_t>(axis.extent);
    if (!merged.empty() && merged.back().from == axis.from * extent &&
        merged.back().to == axis.to * extent) {
      merged.back() = {merged.back().extent * axis.extent, axis.from, axis.to};
    } else {
      merged.push_back(axis);
    }
  }
  return merged;
}

void strided_copy(const std::byte* from, std::byte* to, const std::vector<CopyAxis>& axes,
                  std::size_t element_size) {
  for (const CopyAxis& axis : axes) {
    if (axis.extent == 0) return;
  }
  Axes simple = simplified(axes);
  if (simple.empty()) simple.push_back({1, 1, 1});
  if (simple.back().from == 1 && simple.back().to == 1) {
    const std::size_t row = simple.back().extent * element_size;
    simple.pop_back();
    for_each_index(
        simple, from, to, element_size,
        [row](const std::byte* source, std::byte* target) { std::memcpy(target, source, row); });
    return;
  }
  switch (element_size) {
    case 1:
      return copy_elements<std::uint8_t>(from, to, std::move(simple));
    case 2:
      return copy_elements<std::uint16_t>(from, to, std::move(simple));
    case 4:
      return copy_elements<std::uint32_t>(from, to, std::move(simple));
    case 8:
      return copy_elements<std::uint64_t>(from, to, std::move(simple));
  }
}

}  // namespace tensorferry::tensor
