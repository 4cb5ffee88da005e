#include <fmt/format.h>
#include <hdf5.h>

#include <cstring>

#include "h5/file.h"
#include "h5/file_state.h"
#include "io/error.h"

// Strings in attributes, in every form that Keras and h5py have written: variable (h5py 3), fixed
// and padded (older), and the empty float64 array that stands for an empty list.
namespace tensorferry::h5 {
namespace {

struct Attribute {
  Handle handle;
  Handle type;
  Handle space;
  std::size_t count = 0;  ///< of elements
  std::string label;      ///< for messages
};

std::optional<Attribute> open_attribute(FileState& file, const Handle& group,
                                        const std::string& path, const std::string& name) {
  if (name.find('\0') != std::string::npos) return std::nullopt;
  Attribute attribute;
  attribute.label = fmt::format("the attribute `{}` of {}", name, path);
  const std::string what = attribute.label + " cannot be read";
  if (file.check(H5Aexists(group.id(), name.c_str()), what) == 0) return std::nullopt;
  attribute.handle = file.own(H5Aopen(group.id(), name.c_str(), H5P_DEFAULT), what);
  attribute.type = file.own(H5Aget_type(attribute.handle.id()), what);
  attribute.space = file.own(H5Aget_space(attribute.handle.id()), what);
  const auto count = file.check(H5Sget_simple_extent_npoints(attribute.space.id()), what);
  if (static_cast<std::uint64_t>(count) > attribute_elements_limit) {
    throw io::Error(io::ErrorCode::Hdf5,
                    fmt::format("{}: {} has {} elements; at most {} are read.", file.reader.name(),
                                attribute.label, count, attribute_elements_limit));
  }
  attribute.count = static_cast<std::size_t>(count);
  return attribute;
}

// Keras pads with NULs; other writers end the string at a NUL or pad with spaces.
std::string unpadded(const char* bytes, std::size_t size, H5T_str_t padding) {
  std::string_view text(bytes, size);
  if (padding == H5T_STR_NULLTERM) {
    text = text.substr(0, text.find('\0'));
  } else {
    const std::size_t last = text.find_last_not_of(padding == H5T_STR_SPACEPAD ? ' ' : '\0');
    text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
  }
  return std::string(text);
}

std::vector<std::string> read_fixed(FileState& file, const Attribute& attribute) {
  const std::size_t size = H5Tget_size(attribute.type.id());
  if (size == 0 || attribute.count > attribute_limit / size) {
    throw io::Error(io::ErrorCode::Hdf5,
                    fmt::format("{}: {} holds {} strings of {} bytes; at most {} MB are read.",
                                file.reader.name(), attribute.label, attribute.count, size,
                                attribute_limit >> 20));
  }
  std::vector<char> bytes(size * attribute.count);
  file.check(H5Aread(attribute.handle.id(), attribute.type.id(), bytes.data()),
             attribute.label + " cannot be read");
  const H5T_str_t padding = H5Tget_strpad(attribute.type.id());
  std::vector<std::string> strings;
  for (std::size_t i = 0; i < attribute.count; ++i) {
    strings.push_back(unpadded(bytes.data() + i * size, size, padding));
  }
  return strings;
}

// Strings that HDF5 has allocated, given back on all ways out.
struct VariableStrings {
  const Attribute& attribute;
  std::vector<char*> pointers;

  explicit VariableStrings(const Attribute& from)
      : attribute(from), pointers(from.count, nullptr) {}
  VariableStrings(const VariableStrings&) = delete;
  VariableStrings& operator=(const VariableStrings&) = delete;
  ~VariableStrings() {
    H5Treclaim(attribute.type.id(), attribute.space.id(), H5P_DEFAULT, pointers.data());
  }
};

std::vector<std::string> read_variable(FileState& file, const Attribute& attribute) {
  VariableStrings found(attribute);
  file.check(H5Aread(attribute.handle.id(), attribute.type.id(), found.pointers.data()),
             attribute.label + " cannot be read");
  std::uint64_t total = 0;
  std::vector<std::string> strings;
  for (const char* pointer : found.pointers) {
    const std::size_t size = pointer == nullptr ? 0 : std::strlen(pointer);
    total += size;
    if (total > attribute_limit) {
      throw io::Error(io::ErrorCode::Hdf5,
                      fmt::format("{}: {} holds more than {} MB of text.", file.reader.name(),
                                  attribute.label, attribute_limit >> 20));
    }
    strings.emplace_back(pointer == nullptr ? "" : pointer, size);
  }
  return strings;
}

std::vector<std::string> read_strings(FileState& file, const Attribute& attribute) {
  if (attribute.count == 0) return {};
  if (H5Tget_class(attribute.type.id()) != H5T_STRING) {
    throw io::Error(io::ErrorCode::Hdf5,
                    fmt::format("{}: {} is expected to hold text, and does not.",
                                file.reader.name(), attribute.label));
  }
  const bool variable =
      file.check(H5Tis_variable_str(attribute.type.id()), attribute.label + " cannot be read") > 0;
  return variable ? read_variable(file, attribute) : read_fixed(file, attribute);
}

}  // namespace

bool Group::has_attribute(const std::string& name) const {
  return file_->check(H5Aexists(handle_.id(), name.c_str()),
                      fmt::format("the attributes of {} cannot be read", path_)) > 0;
}

std::optional<std::string> Group::string_attribute(const std::string& name) const {
  const std::optional<Attribute> attribute = open_attribute(*file_, handle_, path_, name);
  if (!attribute) return std::nullopt;
  std::vector<std::string> strings = read_strings(*file_, *attribute);
  if (strings.size() != 1) {
    throw io::Error(io::ErrorCode::Hdf5,
                    fmt::format("{}: {} is expected to be one string, and has {} elements.",
                                file_->reader.name(), attribute->label, strings.size()));
  }
  return std::move(strings.front());
}

std::optional<std::vector<std::string>> Group::strings_attribute(const std::string& name) const {
  const std::optional<Attribute> attribute = open_attribute(*file_, handle_, path_, name);
  if (!attribute) return std::nullopt;
  return read_strings(*file_, *attribute);
}

}  // namespace tensorferry::h5
