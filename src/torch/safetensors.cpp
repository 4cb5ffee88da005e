#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "torch/state_file.h"
#include "torch/utf8.h"

namespace tensorferry::torch {

namespace {

constexpr std::uint64_t header_alignment = 8;

std::string_view dtype_code(tensor::DType dtype) {
  switch (dtype) {
    case tensor::DType::Float16:
      return "F16";
    case tensor::DType::BFloat16:
      return "BF16";
    case tensor::DType::Float32:
      return "F32";
    case tensor::DType::Float64:
      return "F64";
    case tensor::DType::Int8:
      return "I8";
    case tensor::DType::Int16:
      return "I16";
    case tensor::DType::Int32:
      return "I32";
    case tensor::DType::Int64:
      return "I64";
    case tensor::DType::UInt8:
      return "U8";
    case tensor::DType::UInt16:
      return "U16";
    case tensor::DType::UInt32:
      return "U32";
    case tensor::DType::UInt64:
      return "U64";
    case tensor::DType::Bool:
      return "BOOL";
  }
  return "";
}

std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char32_t point : code_points(text)) {
    const auto code = static_cast<std::uint32_t>(point);
    if (code >= 0x20 && code < 0x7f && code != '"' && code != '\\') {
      result += static_cast<char>(code);
    } else if (code < 0x10000) {
      result += fmt::format("\\u{:04x}", code);
    } else {
      const std::uint32_t rest = code - 0x10000;
      result += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
    }
  }
  return result + "\"";
}

std::uint64_t byte_count(const tensor::Computation& computation) {
  return tensor::element_count(computation.shape) * dtype_size(computation.dtype);
}

}  // namespace

tensor::OutputFile safetensors_file(tensor::Bundle& bundle, const std::string& path,
                                    const std::vector<NamedWeight>& weights) {
  std::vector<NamedWeight> ordered = weights;
  std::stable_sort(ordered.begin(), ordered.end(), [](const NamedWeight& a, const NamedWeight& b) {
    return dtype_size(a.weight->contiguous.dtype) > dtype_size(b.weight->contiguous.dtype);
  });
  std::string header = "{\"__metadata__\":{\"format\":\"pt\"}";
  std::uint64_t offset = 0;
  for (const NamedWeight& named : ordered) {
    const tensor::Computation& computation = named.weight->contiguous;
    const std::uint64_t end = offset + byte_count(computation);
    header += fmt::format(",{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                          json_string(named.key), dtype_code(computation.dtype),
                          fmt::join(computation.shape, ","), offset, end);
    offset = end;
  }
  header += "}";
  while (header.size() % header_alignment != 0) header += ' ';

  tensor::OutputFile file{path, {}};
  std::string length;
  for (int shift = 0; shift < 64; shift += 8) {
    length += static_cast<char>(static_cast<std::uint64_t>(header.size()) >> shift & 0xff);
  }
  append_bytes(file, length + header);
  for (const NamedWeight& named : ordered) append_tensor(bundle, file, named.weight->contiguous);
  return file;
}

}  // namespace tensorferry::torch
