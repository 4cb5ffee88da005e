#include "tensor/produce.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <span>
#include <vector>

#include "io/crc32.h"
#include "io/error.h"
#include "io/float_text.h"
#include "io/overloaded.h"
#include "tensor/boxes.h"
#include "tensor/gather.h"
#include "tensor/input_reader.h"
#include "tensor/values.h"

namespace tensorferry::tensor {

namespace {

const ReduceResult& result_of(const ReduceResults& results, ReduceId id) {
  const auto found = results.find(id);
  if (found == results.end()) {
    throw io::Error(io::ErrorCode::Internal,
                    fmt::format("The result of reduction {} is missing.", id));
  }
  return found->second;
}

std::string deferred_text(const CrcField& field, const ReduceResults& results) {
  std::uint32_t crc = 0;
  for (const CrcPiece& piece : field.pieces) {
    crc = io::crc32_combine(crc, std::get<std::uint32_t>(result_of(results, piece.crc)),
                            piece.length);
  }
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(crc >> (8 * i) & 0xff));
  return bytes;
}

std::string deferred_text(const NumberText& text, const ReduceResults& results) {
  std::string written;
  for (std::size_t i = 0; i < text.pieces.size(); ++i) {
    written += text.pieces[i];
    if (i == text.slots.size()) break;
    const NumberText::Slot& slot = text.slots[i];
    const QuantizationRange range =
        quantization_range(std::get<double>(result_of(results, slot.minimum)),
                           std::get<double>(result_of(results, slot.maximum)), slot.to);
    written +=
        io::shortest_text(slot.number == NumberText::Number::Scale ? range.scale : range.minimum);
  }
  return written;
}

std::string deferred_text(const ShaText& text, const ReduceResults& results) {
  return std::get<std::string>(result_of(results, text.sha));
}

std::string deferred_bytes(const DeferredPart& part, const ReduceResults& results) {
  std::string bytes = std::visit(
      [&](const auto& content) { return deferred_text(content, results); }, part.content);
  if (bytes.size() > part.size) {
    throw io::Error(io::ErrorCode::Internal,
                    fmt::format("\"{}\" does not fit into {} bytes.", bytes, part.size));
  }
  bytes.resize(part.size, ' ');
  return bytes;
}

void copy_bytes(std::string_view bytes, std::uint64_t begin, std::span<std::byte> out) {
  if (begin > bytes.size() || out.size() > bytes.size() - begin) {
    throw io::Error(io::ErrorCode::Internal, fmt::format("[{}, {}) of {} bytes is asked for.",
                                                         begin, begin + out.size(), bytes.size()));
  }
  if (!out.empty()) std::memcpy(out.data(), bytes.data() + begin, out.size());
}

// Makes whole elements of a computation's output, which is a matrix: a row an index of the axes
// before the concatenated one, and in it the tails of all views side by side.
class Producer {
 public:
  Producer(const Computation& computation, const std::vector<io::Source>& sources,
           const ReduceResults& results, const MemoryLimits& limits)
      : computation_(computation),
        sources_(sources),
        limits_(limits),
        values_(computation.values, results),
        element_size_(dtype_size(computation.dtype)) {
    check_computation(computation);
    axis_ = computation.views.size() > 1 ? computation.axis : 0;
    row_ = tail(computation.shape);
  }

  void elements(std::uint64_t first, std::span<std::byte> out) {
    const std::uint64_t count = out.size() / element_size_;
    const std::uint64_t total = element_count(computation_.shape);
    if (first > total || count > total - first) {
      throw io::Error(io::ErrorCode::Internal, fmt::format("Elements [{}, {}) of {} are asked for.",
                                                           first, first + count, total));
    }
    const std::uint64_t rows = total / row_;
    for (const Box& box : boxes_of_range({rows, row_}, first, count)) {
      std::uint64_t begin = 0;  // of the view's tail in the row
      for (const View& view : computation_.views) {
        const std::uint64_t tail_size = tail(view.shape);
        gather_view(view, begin, tail_size, box, first, out);
        begin += tail_size;
      }
    }
    for (const Combination& combination : computation_.combinations) {
      combine(combination, first, out);
    }
  }

 private:
  std::uint64_t tail(const Shape& shape) const {
    return element_count({shape.begin() + static_cast<std::ptrdiff_t>(axis_), shape.end()});
  }

  // A piece of a view; its elements go where `steps` from `origin` lead.
  void gather_piece(const View& view, const Box& piece, const std::vector<std::uint64_t>& steps,
                    std::int64_t origin, const ValuePipeline& values, std::size_t element_size,
                    std::span<std::byte> out) {
    GatherBox gathered{view.offset, origin, {}};
    for (std::size_t axis = 0; axis < piece.start.size(); ++axis) {
      const auto start = static_cast<std::int64_t>(piece.start[axis]);
      const auto step = static_cast<std::int64_t>(steps[axis]);
      gathered.from += start * view.strides[axis];
      gathered.to += start * step;
      gathered.axes.push_back({piece.extent[axis], view.strides[axis], step});
    }
    const TensorRef& input = computation_.inputs[view.input];
    const auto reader = readers_.try_emplace(view.input, input, sources_, limits_).first;
    gather(input, reader->second, std::move(gathered), values, element_size, limits_, out);
  }

  // What of the box (whole rows, or a piece of one) comes from a view.
  void gather_view(const View& view, std::uint64_t begin, std::uint64_t tail_size, const Box& box,
                   std::uint64_t first, std::span<std::byte> out) {
    const std::uint64_t low = std::max(box.start[1], begin);
    const std::uint64_t high = std::min(box.start[1] + box.extent[1], begin + tail_size);
    if (low >= high) return;
    const std::uint64_t view_first = box.start[0] * tail_size + low - begin;
    const std::uint64_t view_count = (box.extent[0] - 1) * tail_size + high - low;
    // The view's own steps, but from row to row of the output.
    std::vector<std::uint64_t> steps = row_major_steps(view.shape);
    for (std::size_t axis = 0; axis < axis_; ++axis) steps[axis] = steps[axis] / tail_size * row_;
    const auto origin = static_cast<std::int64_t>(begin) - static_cast<std::int64_t>(first);
    for (const Box& piece : boxes_of_range(view.shape, view_first, view_count)) {
      gather_piece(view, piece, steps, origin, values_, element_size_, out);
    }
  }

  // Elements of an operand at the same places as those of the output from `first` on.
  std::vector<float> operand(const View& view, std::uint64_t first, std::size_t count) {
    std::vector<float> elements(count);
    const std::vector<std::uint64_t> steps = row_major_steps(view.shape);
    for (const Box& piece : boxes_of_range(view.shape, first, count)) {
      gather_piece(view, piece, steps, -static_cast<std::int64_t>(first), ValuePipeline({}, {}),
                   sizeof(float), std::as_writable_bytes(std::span(elements)));
    }
    return elements;
  }

  void combine(const Combination& combination, std::uint64_t first, std::span<std::byte> out) {
    const std::size_t count = out.size() / sizeof(float);
    std::vector<float> elements(count);
    std::memcpy(elements.data(), out.data(), out.size());
    const std::vector<float> a = operand(combination.operands.front(), first, count);
    std::vector<float> b;
    if (combination.kind == Combination::Kind::AddProduct) {
      b = operand(combination.operands.back(), first, count);
    }
    for (std::size_t i = 0; i < count; ++i) {
      switch (combination.kind) {
        case Combination::Kind::Divide:
          elements[i] /= a[i];
          break;
        case Combination::Kind::Multiply:
          elements[i] *= a[i];
          break;
        case Combination::Kind::Subtract:
          elements[i] -= a[i];
          break;
        case Combination::Kind::AddProduct:
          elements[i] += static_cast<float>(combination.factor) * (a[i] * b[i]);
          break;
      }
    }
    std::memcpy(out.data(), elements.data(), out.size());
  }

  const Computation& computation_;
  const std::vector<io::Source>& sources_;
  MemoryLimits limits_;
  ValuePipeline values_;
  std::size_t element_size_;
  std::size_t axis_ = 0;
  std::uint64_t row_ = 1;
  std::map<std::uint32_t, InputReader> readers_;
};

// A range may begin or end inside an element: such an element is made apart.
void produce_bytes(Producer& producer, std::size_t element_size, std::uint64_t begin,
                   std::span<std::byte> out) {
  std::array<std::byte, 8> element;
  const auto partial = [&](std::uint64_t skip, std::size_t length) {
    producer.elements(begin / element_size, std::span(element).first(element_size));
    std::copy_n(element.begin() + static_cast<std::ptrdiff_t>(skip), length, out.begin());
    out = out.subspan(length);
    begin += length;
  };
  if (const std::uint64_t skip = begin % element_size; skip != 0 && !out.empty()) {
    partial(skip, std::min<std::size_t>(element_size - skip, out.size()));
  }
  const std::size_t whole = out.size() / element_size * element_size;
  if (whole > 0) producer.elements(begin / element_size, out.first(whole));
  out = out.subspan(whole);
  begin += whole;
  if (!out.empty()) partial(0, out.size());
}

}  // namespace

void produce(const Bundle& bundle, const Part& part, std::uint64_t begin,
             const std::vector<io::Source>& sources, const ReduceResults& results,
             const MemoryLimits& limits, std::span<std::byte> out) {
  if (begin > part_size(part) || out.size() > part_size(part) - begin) {
    throw io::Error(io::ErrorCode::Internal,
                    fmt::format("[{}, {}) of a part of {} bytes is asked for.", begin,
                                begin + out.size(), part_size(part)));
  }
  std::visit(
      io::overloaded{
          [&](const InlinePart& it) { copy_bytes(it.bytes, begin, out); },
          [&](const SlicePart& it) { sources.at(it.file).read(it.offset + begin, out); },
          [&](const ComputedPart& it) {
            const Computation& computation = bundle.computations.at(it.computation);
            Producer producer(computation, sources, results, limits);
            produce_bytes(producer, dtype_size(computation.dtype), it.begin + begin, out);
          },
          [&](const DeferredPart& it) { copy_bytes(deferred_bytes(it, results), begin, out); }},
      part);
}

}  // namespace tensorferry::tensor
