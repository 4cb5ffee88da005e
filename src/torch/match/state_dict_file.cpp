#include "torch/match/state_dict_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/error.h"
#include "io/zip.h"

namespace tensorferry::torch {

namespace {

constexpr std::uint64_t header_limit = std::uint64_t{100} << 20;  // safetensors' own limit

[[noreturn]] void refuse(const io::Source& file, std::string_view what) {
  throw io::Error(io::ErrorCode::WrongFormat, fmt::format("{}: {}", file.name, what));
}

std::string bytes_at(const io::Source& file, std::uint64_t offset, std::uint64_t size) {
  std::string text(size, '\0');
  file.read(offset, std::as_writable_bytes(std::span(text.data(), text.size())));
  return text;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

// (github.com/huggingface/safetensors, README: Format)
std::vector<NamedShape> names_of_safetensors(const io::Source& file) {
  const std::uint64_t size = little_endian(bytes_at(file, 0, 8));
  if (size > header_limit || size > file.size - 8) {
    refuse(file, "it is neither a .pt file of today's torch nor a .safetensors file.");
  }
  const auto header =
      nlohmann::ordered_json::parse(bytes_at(file, 8, size), nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) refuse(file, "its header is no JSON object.");
  std::vector<NamedShape> names;
  for (const auto& [key, entry] : header.items()) {
    if (key == "__metadata__") continue;
    const auto shape = entry.find("shape");
    if (!entry.is_object() || shape == entry.end() || !shape->is_array()) {
      refuse(file, "a tensor of its header has no shape.");
    }
    NamedShape named{key, {}};
    for (const auto& extent : *shape) {
      if (!extent.is_number_unsigned()) refuse(file, "a shape of its header is no list of sizes.");
      named.shape.push_back(extent.get<std::uint64_t>());
    }
    names.push_back(std::move(named));
  }
  return names;
}

/// The words of a name, and its numbers as numbers.
std::vector<std::pair<std::string, std::uint64_t>> sorting_key(const std::string& name) {
  std::vector<std::pair<std::string, std::uint64_t>> key{{"", 0}};
  bool in_number = false;
  for (const char c : name) {
    const bool is_digit = c >= '0' && c <= '9';
    if (in_number && !is_digit) key.emplace_back("", 0);
    if (is_digit) {
      key.back().second = key.back().second * 10 + static_cast<std::uint64_t>(c - '0');
    } else {
      key.back().first += c;
    }
    in_number = is_digit;
  }
  return key;
}

}  // namespace

bool comes_before(const std::string& a, const std::string& b) {
  return sorting_key(a) < sorting_key(b);
}

std::vector<NamedShape> read_state_dict_names(const io::Source& file) {
  if (file.size < 8) refuse(file, "it is empty, or nearly so.");
  std::vector<NamedShape> names;
  if (io::looks_like_zip(file)) {
    const std::vector<io::ZipMember> members = io::zip_members(file);
    const auto pickle = std::find_if(members.begin(), members.end(), [](const io::ZipMember& one) {
      return one.name.ends_with("/data.pkl");
    });
    if (pickle == members.end()) refuse(file, "it is a zip, but not one that torch.save made.");
    names = names_of_pickle(io::read_zip_text(file, *pickle, header_limit), file.name);
  } else {
    names = names_of_safetensors(file);
    std::stable_sort(names.begin(), names.end(), [](const NamedShape& a, const NamedShape& b) {
      return comes_before(a.key, b.key);
    });
  }
  if (names.empty()) refuse(file, "it holds no tensors.");
  return names;
}

}  // namespace tensorferry::torch
