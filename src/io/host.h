#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/source.h"

namespace tensorferry::io {

enum class PathKind { File, Folder };

using FileHandle = int;  ///< of a file that is being written

/// All that touches a file system, a terminal, a clock or threads, as plain functions: the command
/// line knows nothing else, so the same code serves the native binary and Node. Functions throw
/// `Error{ReadFailed | WriteFailed}` with the system's own words.
struct Host {
  std::function<std::optional<PathKind>(const std::string& path)> kind_of;  ///< none: nothing there
  std::function<std::vector<std::string>(const std::string& folder)> list;  ///< names, sorted
  std::function<Source(const std::string& path)> open;  ///< may be read from several threads

  std::function<void(const std::string& folder)> make_folder;  ///< with its parents
  std::function<FileHandle(const std::string& path, std::uint64_t size)> create;
  std::function<void(FileHandle, std::uint64_t offset, std::span<const std::byte>)> write_at;
  /// Bytes [source_offset, source_offset + length) of the file `path` to `offset`, by the system's
  /// cheapest way.
  std::function<void(FileHandle, std::uint64_t offset, const std::string& path,
                     std::uint64_t source_offset, std::uint64_t length)>
      copy_range;
  std::function<void(FileHandle)> close;  ///< throws if bytes could not be kept
  std::function<void(const std::string& from, const std::string& to)> rename;
  std::function<void(const std::string& path)>
      remove;  ///< a file or an empty folder; no error if absent

  std::function<void(std::string_view)> print;        ///< to the standard output
  std::function<void(std::string_view)> print_error;  ///< to the standard error
  std::function<bool()> is_terminal;                  ///< is the standard error a terminal?
  std::function<double()> seconds;                    ///< a clock that only goes forward

  std::size_t threads = 1;
  /// Runs `work` once per thread and returns when all are done.
  std::function<void(std::size_t threads, const std::function<void()>& work)> run_parallel;
  std::uint64_t read_gap = 4096;  ///< bytes cheaper to read through than to begin another read
};

}  // namespace tensorferry::io
