#include "h5/file.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <array>
#include <cstring>
#include <utility>

#include "h5/file_state.h"
#include "io/error.h"

namespace tensorferry::h5 {
namespace {

std::string joined(const std::string& path, std::string_view component) {
  return fmt::format("{}{}{}", path, path.ends_with('/') ? "" : "/", component);
}

std::string_view link_kind(H5L_type_t type) {
  return type == H5L_TYPE_SOFT ? "a soft link" : type == H5L_TYPE_EXTERNAL ? "an external link"
                                                                          : "a user-defined link";
}

struct ChildNames {
  std::vector<std::string> names;
  std::exception_ptr error;
};

// A C callback: nothing may be thrown through HDF5.
herr_t keep_name(hid_t, const char* name, const H5L_info2_t*, void* data) {
  auto& children = *static_cast<ChildNames*>(data);
  try {
    if (children.names.size() == children_limit) return -1;
    children.names.emplace_back(name);
    return 0;
  } catch (...) {
    children.error = std::current_exception();
    return -1;
  }
}

}  // namespace

Group::Group(std::shared_ptr<FileState> file, Handle handle, std::string path)
    : file_(std::move(file)), handle_(std::move(handle)), path_(std::move(path)) {}

std::optional<Handle> Group::find(std::string_view path) const {
  // HDF5 reads names up to a NUL, which would find another object.
  if (path.find('\0') != std::string_view::npos) return std::nullopt;
  Handle current(H5Oopen(handle_.id(), ".", H5P_DEFAULT));
  std::string walked = path_;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string component(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (component.empty() || component == ".") continue;
    if (H5Iget_type(current.id()) != H5I_GROUP) return std::nullopt;
    walked = joined(walked, component);
    const std::string what = fmt::format("the link {} cannot be read", walked);
    if (file_->check(H5Lexists(current.id(), component.c_str(), H5P_DEFAULT), what) == 0) {
      return std::nullopt;
    }
    H5L_info2_t info = {};
    file_->check(H5Lget_info2(current.id(), component.c_str(), &info, H5P_DEFAULT), what);
    if (info.type != H5L_TYPE_HARD) {
      throw io::Error(io::ErrorCode::DatasetUnsupported,
                      fmt::format("{}: {} is {}; Keras writes none, and none is followed.",
                                  file_->reader.name(), walked, link_kind(info.type)));
    }
    current = file_->own(H5Oopen(current.id(), component.c_str(), H5P_DEFAULT),
                         fmt::format("{} cannot be opened", walked));
  }
  return current;
}

bool Group::contains(std::string_view path) const { return find(path).has_value(); }

std::optional<Group> Group::find_group(std::string_view path) const {
  std::optional<Handle> found = find(path);
  if (!found) return std::nullopt;
  if (H5Iget_type(found->id()) != H5I_GROUP) {
    throw io::Error(io::ErrorCode::Hdf5, fmt::format("{}: {} is expected to be a group, and is not.",
                                                     file_->reader.name(), joined(path_, path)));
  }
  return Group(file_, std::move(*found), joined(path_, path));
}

std::optional<Dataset> Group::find_dataset(std::string_view path) const {
  std::optional<Handle> found = find(path);
  if (!found) return std::nullopt;
  if (H5Iget_type(found->id()) != H5I_DATASET) {
    throw io::Error(io::ErrorCode::Hdf5,
                    fmt::format("{}: {} is expected to be a dataset, and is not.",
                                file_->reader.name(), joined(path_, path)));
  }
  return Dataset(file_, std::move(*found), joined(path_, path));
}

std::vector<std::string> Group::children() const {
  ChildNames children;
  const herr_t result =
      H5Literate2(handle_.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, keep_name, &children);
  if (children.error) std::rethrow_exception(children.error);
  file_->check(result, fmt::format("the group {} cannot be listed", path_));
  return std::move(children.names);
}

bool looks_like_hdf5(const io::Source& source) {
  static constexpr std::array<unsigned char, 8> signature = {0x89, 'H',  'D',  'F',
                                                             '\r', '\n', 0x1a, '\n'};
  std::array<std::byte, signature.size()> bytes;
  for (std::uint64_t offset = 0; offset + bytes.size() <= source.size;
       offset = offset == 0 ? 512 : offset * 2) {
    source.read(offset, bytes);
    if (std::memcmp(bytes.data(), signature.data(), signature.size()) == 0) return true;
  }
  return false;
}

Group open_file(const io::Source& source, const io::Placement& placement) {
  auto file = std::make_shared<FileState>(source, placement);
  const Handle access = access_through(file->reader);
  // The name is for messages of HDF5's own; the driver does not look at it.
  file->id = file->own(H5Fopen("model", H5F_ACC_RDONLY, access.id()),
                       "HDF5 cannot open the file");
  Handle root = file->own(H5Gopen2(file->id.id(), "/", H5P_DEFAULT),
                          "the root group cannot be opened");
  return Group(std::move(file), std::move(root), "/");
}

}  // namespace tensorferry::h5
