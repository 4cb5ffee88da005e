#include "cli/native/host.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <thread>

#include "io/error.h"

namespace tensorferry::cli {
namespace {

using io::Error;
using io::ErrorCode;

[[noreturn]] void fail(ErrorCode code, const std::string& what, int number) {
  throw Error(code, what + ": " + std::strerror(number) + ".");
}

/// A file that is open for reading as long as a Source refers to it.
struct Reader {
  int descriptor;
  explicit Reader(int opened) : descriptor(opened) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { ::close(descriptor); }
};

int open_for_reading(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    fail(ErrorCode::ReadFailed, "Opening " + path, errno);
  }
  return descriptor;
}

void read_all(int descriptor, const std::string& path, std::uint64_t offset,
              std::span<std::byte> out) {
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t count = ::pread(descriptor, out.data() + done, out.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      fail(ErrorCode::ReadFailed, "Reading " + path, errno);
    }
    if (count == 0) {
      throw Error(ErrorCode::FileTruncated,
                  path + " ends at byte " + std::to_string(offset + done) + ", where " +
                      std::to_string(out.size() - done) + " more bytes were expected.");
    }
    done += static_cast<std::size_t>(count);
  }
}

void write_all(int descriptor, std::uint64_t offset, std::span<const std::byte> bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::pwrite(descriptor, bytes.data() + done, bytes.size() - done,
                                   static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      fail(ErrorCode::WriteFailed, "Writing", errno);
    }
    done += static_cast<std::size_t>(count);
  }
}

std::optional<io::PathKind> kind_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return S_ISDIR(status.st_mode) ? io::PathKind::Folder : io::PathKind::File;
}

std::vector<std::string> list(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    names.push_back(entry.path().filename().string());
  }
  if (error) {
    fail(ErrorCode::ReadFailed, "Listing " + folder, error.value());
  }
  std::sort(names.begin(), names.end());
  return names;
}

io::Source open_source(const std::string& path) {
  const auto reader = std::make_shared<Reader>(open_for_reading(path));
  struct stat status{};
  if (::fstat(reader->descriptor, &status) != 0) {
    fail(ErrorCode::ReadFailed, "Opening " + path, errno);
  }
  const std::size_t slash = path.rfind('/');
  return {slash == std::string::npos ? path : path.substr(slash + 1),
          static_cast<std::uint64_t>(status.st_size),
          [reader, path](std::uint64_t offset, std::span<std::byte> out) {
            read_all(reader->descriptor, path, offset, out);
          }};
}

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    fail(ErrorCode::WriteFailed, "Making the folder " + folder, error.value());
  }
}

io::FileHandle create(const std::string& path, std::uint64_t size) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    fail(ErrorCode::WriteFailed, "Creating " + path, errno);
  }
  // With its blocks reserved, what is written piece by piece costs less, and a full disk shows now.
  // Not every file system can do so.
  const auto length = static_cast<off_t>(size);
  if (size > 0 && ::fallocate(descriptor, 0, 0, length) == 0) return descriptor;
  if (::ftruncate(descriptor, length) != 0) {
    const int number = errno;
    ::close(descriptor);
    fail(ErrorCode::WriteFailed, "Creating " + path, number);
  }
  return descriptor;
}

// For file systems that cannot copy among themselves.
void copy_by_hand(int from, const std::string& path, std::uint64_t source_offset, int to,
                  std::uint64_t offset, std::uint64_t length) {
  std::vector<std::byte> buffer(std::min<std::uint64_t>(length, 1u << 20));
  for (std::uint64_t done = 0; done < length; done += buffer.size()) {
    buffer.resize(std::min<std::uint64_t>(buffer.size(), length - done));
    read_all(from, path, source_offset + done, buffer);
    write_all(to, offset + done, buffer);
  }
}

void copy_range(io::FileHandle to, std::uint64_t offset, const std::string& path,
                std::uint64_t source_offset, std::uint64_t length) {
  const Reader from(open_for_reading(path));
  auto in = static_cast<off64_t>(source_offset);
  auto out = static_cast<off64_t>(offset);
  while (length > 0) {
    const ssize_t count = ::copy_file_range(from.descriptor, &in, to, &out, length, 0);
    if (count <= 0) {
      copy_by_hand(from.descriptor, path, static_cast<std::uint64_t>(in), to,
                   static_cast<std::uint64_t>(out), length);
      return;
    }
    length -= static_cast<std::uint64_t>(count);
  }
}

void rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    fail(ErrorCode::WriteFailed, "Renaming " + from, errno);
  }
}

void print_to(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count <= 0) {
      return;  // nobody reads; there is nobody to tell
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void run_parallel(std::size_t threads, const std::function<void()>& work) {
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) {
    others.emplace_back(work);
  }
  work();
  for (std::thread& thread : others) {
    thread.join();
  }
}

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// More threads than this gain nothing on any disk, and each has its share of the memory.
constexpr unsigned most_threads = 4;

}  // namespace

io::Host native_host() {
  io::Host host;
  host.kind_of = kind_of;
  host.list = list;
  host.open = open_source;
  host.make_folder = make_folder;
  host.create = create;
  host.write_at = write_all;
  host.copy_range = copy_range;
  host.close = [](io::FileHandle handle) {
    if (::close(handle) != 0) {
      fail(ErrorCode::WriteFailed, "Closing a file", errno);
    }
  };
  host.rename = rename_file;
  host.remove = [](const std::string& path) { ::remove(path.c_str()); };
  host.print = [](std::string_view text) { print_to(STDOUT_FILENO, text); };
  host.print_error = [](std::string_view text) { print_to(STDERR_FILENO, text); };
  host.is_terminal = [] { return ::isatty(STDERR_FILENO) == 1; };
  host.seconds = seconds;
  host.threads = std::clamp(std::thread::hardware_concurrency(), 1u, most_threads);
  host.run_parallel = run_parallel;
  return host;
}

}  // namespace tensorferry::cli
