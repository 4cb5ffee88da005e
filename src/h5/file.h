#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "h5/handle.h"
#include "io/source.h"
#include "tensor/tensor_ref.h"

/// HDF5 files, read-only, over any io::Source. All functions throw io::Error, whose sentence says
/// which object of which file. Soft links are followed inside the file; a link out of it is
/// refused.
namespace tensorferry::h5 {

// What a hostile file may make us hold in memory.
inline constexpr std::uint64_t attribute_limit = std::uint64_t{256} << 20;  ///< bytes
inline constexpr std::size_t attribute_elements_limit = 1u << 20;
inline constexpr std::size_t children_limit = 1u << 20;
inline constexpr std::uint64_t chunk_limit = std::uint64_t{512} << 20;  ///< bytes, decoded (wall 3)

struct FileState;

/// One open dataset.
class Dataset {
 public:
  Dataset(std::shared_ptr<FileState> file, Handle handle, std::string path);

  /// Where its elements lie. No element is read but those of compact storage, which lie in the
  /// dataset's header. Throws DatasetUnsupported for storage or filters that cannot be described,
  /// WeightDtype for elements that no tensor has.
  tensor::TensorRef describe(std::string name) const;

 private:
  std::shared_ptr<FileState> file_;
  Handle handle_;
  std::string path_;
};

class Group {
 public:
  Group(std::shared_ptr<FileState> file, Handle handle, std::string path);

  const std::string& path() const {
    return path_;
  }  ///< as it was asked for, "/model_weights/dense"

  bool has_attribute(const std::string& name) const;
  /// A scalar string, fixed or variable. None if there is no such attribute.
  std::optional<std::string> string_attribute(const std::string& name) const;
  /// An array of strings; any attribute without elements is an empty list, as Keras writes it for a
  /// layer without weights (float64, shape (0,)). None if there is no such attribute.
  std::optional<std::vector<std::string>> strings_attribute(const std::string& name) const;

  /// `path` is relative, with '/'; empty components are skipped, as HDF5 does.
  bool contains(std::string_view path) const;
  bool is_group(std::string_view path) const;
  std::optional<Group> find_group(std::string_view path) const;  ///< none if nothing is there
  std::optional<Dataset> find_dataset(std::string_view path) const;

  /// Names of the links, sorted.
  std::vector<std::string> children() const;

 private:
  std::optional<Handle> find(std::string_view path) const;

  std::shared_ptr<FileState> file_;
  Handle handle_;
  std::string path_;
};

/// True if an HDF5 signature is where HDF5 looks for it: at 0, or after a user block, at 512, 1024,
/// …
bool looks_like_hdf5(const io::Source& source);

/// Opens the file; its objects keep it open. `placement` says where the source lies in the dropped
/// file.
Group open_file(const io::Source& source, const io::Placement& placement);

}  // namespace tensorferry::h5
