#include "tensor/bundle.h"

#include <algorithm>
#include <set>

#include "io/overloaded.h"
#include "tensor/produce.h"

namespace tensorferry::tensor {

namespace {

// What is known at once and is not larger than this becomes bytes of the plan.
constexpr std::uint64_t evaluated_limit = 64 << 10;

constexpr std::uint64_t longest_number = 24;  // "-2.2250738585072014e-308"

bool has_quantize(const Computation& computation) {
  return std::any_of(computation.values.begin(), computation.values.end(),
                     [](const ValueOp& op) { return std::holds_alternative<Quantize>(op); });
}

bool is_known_now(const Computation& computation) {
  if (has_quantize(computation)) return false;
  return std::all_of(computation.inputs.begin(), computation.inputs.end(),
                     [](const TensorRef& input) {
                       return std::holds_alternative<Inline>(input.storage) ||
                              std::holds_alternative<Fill>(input.storage);
                     });
}

std::uint64_t output_size(const Computation& computation) {
  return element_count(computation.shape) * dtype_size(computation.dtype);
}

void append_slice(OutputFile& file, SlicePart slice) {
  if (!file.parts.empty()) {
    auto* last = std::get_if<SlicePart>(&file.parts.back());
    if (last != nullptr && last->file == slice.file &&
        last->offset + last->length == slice.offset) {
      last->length += slice.length;
      return;
    }
  }
  file.parts.emplace_back(slice);
}

void append_inline(OutputFile& file, const Inline& storage, std::uint64_t offset,
                   std::uint64_t length) {
  const auto* bytes = reinterpret_cast<const char*>(storage.bytes.data());
  append_bytes(file, std::string_view(bytes, storage.bytes.size()).substr(offset, length));
}

std::string evaluated(const Computation& computation) {
  Bundle bundle;
  bundle.computations.push_back(computation);
  std::string bytes(output_size(computation), '\0');
  produce(bundle, ComputedPart{0, 0, bytes.size()}, 0, {}, {}, MemoryLimits{},
          std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  return bytes;
}

// The computation of one of several views alone.
Computation of_view(const Computation& whole, const View& view) {
  Computation part = whole;
  part.views = {view};
  part.axis = 0;
  part.shape = view.shape;
  return part;
}

// True if the output is the views' outputs one after another. A quantized one stays whole, as what
// it needs is asked of the whole; the operands of a combination lie as the whole does.
bool views_follow_each_other(const Computation& computation) {
  if (computation.views.size() < 2 || has_quantize(computation) ||
      !computation.combinations.empty()) {
    return false;
  }
  for (std::size_t axis = 0; axis < computation.axis; ++axis) {
    if (computation.shape[axis] != 1) return false;
  }
  return true;
}

void append_plain_copy(OutputFile& file, const Computation& computation) {
  const View& view = computation.views.front();
  const std::uint64_t size = dtype_size(computation.dtype);
  const std::uint64_t offset = static_cast<std::uint64_t>(view.offset) * size;
  const Storage& storage = computation.inputs[view.input].storage;
  if (const auto* contiguous = std::get_if<Contiguous>(&storage)) {
    append_slice(file, {contiguous->file, contiguous->offset + offset, output_size(computation)});
  } else {
    append_inline(file, std::get<Inline>(storage), offset, output_size(computation));
  }
}

void add_needs(std::set<ReduceId>& needs, const Computation& computation) {
  for (const ValueOp& op : computation.values) {
    if (const auto* quantize = std::get_if<Quantize>(&op)) {
      needs.insert(quantize->minimum);
      needs.insert(quantize->maximum);
    }
  }
}

void add_needs(std::set<ReduceId>& needs, const Bundle& bundle, const Part& part) {
  std::visit(
      io::overloaded{
          [](const InlinePart&) {}, [](const SlicePart&) {},
          [&](const ComputedPart& it) { add_needs(needs, bundle.computations[it.computation]); },
          [&](const DeferredPart& it) {
            std::visit(io::overloaded{[&](const CrcField& field) {
                                        for (const CrcPiece& piece : field.pieces) {
                                          needs.insert(piece.crc);
                                        }
                                      },
                                      [&](const NumberText& text) {
                                        for (const NumberText::Slot& slot : text.slots) {
                                          needs.insert(slot.minimum);
                                          needs.insert(slot.maximum);
                                        }
                                      },
                                      [&](const ShaText& text) { needs.insert(text.sha); }},
                       it.content);
          }},
      part);
}

}  // namespace

std::uint64_t part_size(const Part& part) {
  return std::visit(io::overloaded{[](const InlinePart& it) {
                                     return static_cast<std::uint64_t>(it.bytes.size());
                                   },
                                   [](const SlicePart& it) { return it.length; },
                                   [](const ComputedPart& it) { return it.length; },
                                   [](const DeferredPart& it) { return it.size; }},
                    part);
}

std::uint64_t OutputFile::size() const {
  std::uint64_t size = 0;
  for (const Part& part : parts) size += part_size(part);
  return size;
}

std::span<const Part> reduced_parts(const Bundle& bundle, const Reduce& reduce) {
  return std::visit(
      io::overloaded{
          [](const TensorElements&) { return std::span<const Part>(); },
          [&](const FileBytes& it) { return std::span<const Part>(bundle.files[it.file].parts); },
          [&](const FileParts& it) {
            return std::span<const Part>(bundle.files[it.file].parts).subspan(it.first, it.count);
          }},
      reduce.over);
}

std::vector<ReduceId> needs_of(const Bundle& bundle, const Part& part) {
  std::set<ReduceId> needs;
  add_needs(needs, bundle, part);
  return {needs.begin(), needs.end()};
}

std::vector<ReduceId> needs_of(const Bundle& bundle, ReduceId id) {
  std::set<ReduceId> needs;
  for (const Part& part : reduced_parts(bundle, bundle.reduces.at(id)))
    add_needs(needs, bundle, part);
  return {needs.begin(), needs.end()};
}

std::uint64_t reduce_size(const Bundle& bundle, const Reduce& reduce) {
  if (const auto* elements = std::get_if<TensorElements>(&reduce.over)) {
    const Computation& computation = bundle.computations[elements->computation];
    std::uint64_t size = 0;
    for (const View& view : computation.views) {
      size += element_count(view.shape) * dtype_size(computation.inputs[view.input].dtype);
    }
    return size;
  }
  std::uint64_t size = 0;
  for (const Part& part : reduced_parts(bundle, reduce)) size += part_size(part);
  return size;
}

void add_temporaries(Bundle& bundle, const std::vector<Computation>& computations) {
  for (const Computation& computation : computations) {
    OutputFile file;
    append_tensor(bundle, file, computation);
    bundle.temporaries.push_back(std::move(file));
  }
}

void append_bytes(OutputFile& file, std::string_view bytes) {
  if (bytes.empty()) return;
  if (!file.parts.empty()) {
    if (auto* last = std::get_if<InlinePart>(&file.parts.back())) {
      last->bytes += bytes;
      return;
    }
  }
  file.parts.emplace_back(InlinePart{std::string(bytes)});
}

void append_tensor(Bundle& bundle, OutputFile& file, Computation computation) {
  check_computation(computation);
  if (output_size(computation) == 0) return;
  if (is_plain_copy(computation)) {
    append_plain_copy(file, computation);
  } else if (output_size(computation) <= evaluated_limit && is_known_now(computation)) {
    append_bytes(file, evaluated(computation));
  } else if (views_follow_each_other(computation)) {
    for (const View& view : computation.views) {
      append_tensor(bundle, file, of_view(computation, view));
    }
  } else {
    const std::uint64_t size = output_size(computation);
    const auto index = static_cast<std::uint32_t>(bundle.computations.size());
    bundle.computations.push_back(std::move(computation));
    file.parts.emplace_back(ComputedPart{index, 0, size});
  }
}

std::uint64_t number_text_size(const NumberText& text) {
  std::uint64_t size = longest_number * text.slots.size();
  for (const std::string& piece : text.pieces) size += piece.size();
  return size;
}

}  // namespace tensorferry::tensor
