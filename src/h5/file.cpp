#include "h5/file.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
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

// As many soft links as one path may go through.
constexpr int link_limit = 16;

/// Walks a path from one group.
class Walk {
 public:
  Walk(FileState& file, std::string from) : file_(file), walked_(std::move(from)) {}
  std::optional<Handle> run(const Handle& start, std::string_view path);

 private:
  std::optional<Handle> step(const Handle& group, const std::string& name);
  std::string soft_target(const Handle& group, const std::string& name, std::size_t size);

  FileState& file_;
  std::string walked_;  ///< for messages
  int links_ = 0;       ///< soft links gone through
  std::string first_link_;
};

std::optional<Handle> Walk::run(const Handle& start, std::string_view path) {
  // HDF5 reads names up to a NUL, which would find another object.
  if (path.find('\0') != std::string_view::npos) return std::nullopt;
  Handle current = file_.own(H5Oopen(start.id(), path.starts_with('/') ? "/" : ".", H5P_DEFAULT),
                             fmt::format("{} cannot be opened", walked_));
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string component(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (component.empty() || component == ".") continue;
    if (H5Iget_type(current.id()) != H5I_GROUP) return std::nullopt;
    std::optional<Handle> next = step(current, component);
    if (!next) return std::nullopt;
    current = std::move(*next);
  }
  return current;
}

std::optional<Handle> Walk::step(const Handle& group, const std::string& name) {
  walked_ = joined(walked_, name);
  const std::string what = fmt::format("the link {} cannot be read", walked_);
  if (file_.check(H5Lexists(group.id(), name.c_str(), H5P_DEFAULT), what) == 0) return std::nullopt;
  H5L_info2_t info = {};
  file_.check(H5Lget_info2(group.id(), name.c_str(), &info, H5P_DEFAULT), what);
  if (info.type == H5L_TYPE_HARD) {
    return file_.own(H5Oopen(group.id(), name.c_str(), H5P_DEFAULT),
                     fmt::format("{} cannot be opened", walked_));
  }
  if (info.type == H5L_TYPE_SOFT && ++links_ <= link_limit) {
    if (links_ == 1) first_link_ = walked_;
    return run(group, soft_target(group, name, info.u.val_size));
  }
  throw io::Error(io::ErrorCode::DatasetUnsupported,
                  fmt::format("{}: {} is {}, which is not followed.", file_.reader.name(),
                              links_ > 0 ? first_link_ : walked_,
                              info.type == H5L_TYPE_SOFT ? "a soft link that leads in circles"
                                                         : "a link out of the file"));
}

std::string Walk::soft_target(const Handle& group, const std::string& name, std::size_t size) {
  std::string target(size, '\0');
  file_.check(H5Lget_val(group.id(), name.c_str(), target.data(), size, H5P_DEFAULT),
              fmt::format("the link {} cannot be read", walked_));
  target.resize(std::min(target.find('\0'), size));
  return target;
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
  return Walk(*file_, path_).run(handle_, path);
}

bool Group::contains(std::string_view path) const { return find(path).has_value(); }

bool Group::is_group(std::string_view path) const {
  const std::optional<Handle> found = find(path);
  return found && H5Iget_type(found->id()) == H5I_GROUP;
}

std::optional<Group> Group::find_group(std::string_view path) const {
  std::optional<Handle> found = find(path);
  if (!found) return std::nullopt;
  if (H5Iget_type(found->id()) != H5I_GROUP) {
    throw io::Error(io::ErrorCode::Hdf5,
                    fmt::format("{}: {} is expected to be a group, and is not.",
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
  file->id = file->own(H5Fopen("model", H5F_ACC_RDONLY, access.id()), "HDF5 cannot open the file");
  Handle root =
      file->own(H5Gopen2(file->id.id(), "/", H5P_DEFAULT), "the root group cannot be opened");
  return Group(std::move(file), std::move(root), "/");
}

}  // namespace tensorferry::h5
