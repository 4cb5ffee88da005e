#include "cli/write.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "io/error.h"
#include "io/overloaded.h"

namespace tensorferry::cli {
namespace {

// Slices are copied in runs of this size, so that progress moves and threads share a large one.
constexpr std::uint64_t copy_run = 32u << 20;

/// A range of a part, to be put at `offset` of a file.
struct Unit {
  std::size_t file = 0;
  const tensor::Part* part = nullptr;
  std::uint64_t begin = 0;
  std::uint64_t length = 0;
  std::uint64_t offset = 0;
};

struct OpenFile {
  std::string path;
  std::string part_path;
  io::FileHandle handle = 0;
  bool open = false;
};

tensor::MemoryLimits limits_for(std::size_t threads, std::uint64_t read_gap) {
  const std::uint64_t share = memory_budget / threads;
  tensor::MemoryLimits limits;
  limits.tile = std::min(limits.tile, share / 3);
  limits.read_buffer = std::min(limits.read_buffer, share / 6);
  limits.cached_chunks = std::min(limits.cached_chunks, share / 2);
  limits.read_gap = read_gap;
  return limits;
}

class Writer {
 public:
  Writer(const tensor::Bundle& bundle, const std::vector<std::string>& paths,
         const std::vector<io::Source>& sources, const io::Host& host, const Progress& progress)
      : bundle_(bundle),
        paths_(paths),
        sources_(sources),
        host_(host),
        progress_(progress),
        limits_(limits_for(std::max<std::size_t>(host.threads, 1), host.read_gap)) {
    for (const tensor::Reduce& reduce : bundle.reduces) {
      total_ += tensor::reduce_size(bundle, reduce);
    }
    for (const tensor::OutputFile& file : bundle.files) {
      total_ += file.size();
    }
  }

  void write(const std::string& folder) {
    try {
      run_reduces();
      create_files(folder);
      write_units(cut_into_units());
      keep_files();
    } catch (...) {
      remove_files();
      throw;
    }
  }

 private:
  // Runs `work(i)` for each i below `count`, over the host's threads; the first failure stops all.
  void parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    std::optional<io::Error> failure;
    std::mutex failure_guard;
    host_.run_parallel(std::min(std::max<std::size_t>(host_.threads, 1), count), [&] {
      for (std::size_t i = next++; i < count; i = next++) {
        try {
          work(i);
        } catch (const io::Error& error) {
          const std::lock_guard<std::mutex> lock(failure_guard);
          failure = failure ? failure : error;
          next = count;
        } catch (const std::exception& error) {
          const std::lock_guard<std::mutex> lock(failure_guard);
          failure = failure ? failure : io::Error(io::ErrorCode::Internal, error.what());
          next = count;
        }
      }
    });
    if (failure) {
      throw *failure;
    }
  }

  // Reduces that need none of the others run together; then those that needed these, and so on.
  void run_reduces() {
    std::vector<tensor::ReduceId> waiting;
    for (tensor::ReduceId id = 0; id < bundle_.reduces.size(); ++id) {
      waiting.push_back(id);
    }
    while (!waiting.empty()) {
      std::vector<tensor::ReduceId> ready;
      std::vector<tensor::ReduceId> later;
      for (const tensor::ReduceId id : waiting) {
        (has_all(tensor::needs_of(bundle_, id)) ? ready : later).push_back(id);
      }
      std::vector<tensor::ReduceResult> results(ready.size());
      parallel(ready.size(), [&](std::size_t i) { results[i] = run_reduce(ready[i]); });
      for (std::size_t i = 0; i < ready.size(); ++i) {
        results_[ready[i]] = results[i];
      }
      waiting = std::move(later);
    }
  }

  bool has_all(const std::vector<tensor::ReduceId>& needs) const {
    return std::all_of(needs.begin(), needs.end(),
                       [&](tensor::ReduceId id) { return results_.contains(id); });
  }

  tensor::ReduceResult run_reduce(tensor::ReduceId id) {
    return tensor::reduce(bundle_, id, sources_, results_, limits_,
                          [&](std::uint64_t bytes) { add_progress(bytes); });
  }

  void create_files(const std::string& folder) {
    for (const tensor::OutputFile& file : bundle_.files) {
      const std::string path = folder + "/" + file.path;
      const std::size_t slash = path.rfind('/');
      host_.make_folder(path.substr(0, slash));
      files_.push_back({path, path + ".part", 0, false});
      files_.back().handle = host_.create(files_.back().part_path, file.size());
      files_.back().open = true;
    }
  }

  std::uint64_t run_length(const tensor::Part& part) const {
    return std::visit(
        io::overloaded{
            [](const tensor::InlinePart& bytes) -> std::uint64_t { return bytes.bytes.size(); },
            [](const tensor::SlicePart&) -> std::uint64_t { return copy_run; },
            [&](const tensor::ComputedPart&) -> std::uint64_t {
              return tensor::preferred_piece(bundle_, part, limits_);
            },
            [](const tensor::DeferredPart& deferred) -> std::uint64_t { return deferred.size; }},
        part);
  }

  std::vector<Unit> cut_into_units() const {
    std::vector<Unit> units;
    for (std::size_t i = 0; i < bundle_.files.size(); ++i) {
      std::uint64_t offset = 0;
      for (const tensor::Part& part : bundle_.files[i].parts) {
        const std::uint64_t size = tensor::part_size(part);
        const std::uint64_t run = std::max<std::uint64_t>(run_length(part), 1);
        for (std::uint64_t begin = 0; begin < size; begin += run) {
          units.push_back({i, &part, begin, std::min(run, size - begin), offset + begin});
        }
        offset += size;
      }
    }
    return units;
  }

  void write_units(const std::vector<Unit>& units) {
    parallel(units.size(), [&](std::size_t i) {
      write_unit(units[i]);
      add_progress(units[i].length);
    });
  }

  void write_unit(const Unit& unit) {
    const io::FileHandle handle = files_[unit.file].handle;
    if (const auto* slice = std::get_if<tensor::SlicePart>(unit.part)) {
      host_.copy_range(handle, unit.offset, paths_[slice->file], slice->offset + unit.begin,
                       unit.length);
      return;
    }
    std::vector<std::byte> bytes(unit.length);
    tensor::produce(bundle_, *unit.part, unit.begin, sources_, results_, limits_, bytes);
    host_.write_at(handle, unit.offset, bytes);
  }

  void keep_files() {
    for (OpenFile& file : files_) {
      file.open = false;
      host_.close(file.handle);
    }
    for (const OpenFile& file : files_) {
      host_.rename(file.part_path, file.path);
    }
  }

  void remove_files() {
    for (OpenFile& file : files_) {
      try {
        if (file.open) {
          host_.close(file.handle);
        }
        host_.remove(file.part_path);
      } catch (const io::Error&) {
        // The first failure is the one to be told.
      }
    }
  }

  void add_progress(std::uint64_t bytes) {
    const std::lock_guard<std::mutex> lock(progress_guard_);
    done_ += bytes;
    progress_(done_, total_);
  }

  const tensor::Bundle& bundle_;
  const std::vector<std::string>& paths_;
  const std::vector<io::Source>& sources_;
  const io::Host& host_;
  const Progress& progress_;
  tensor::MemoryLimits limits_;
  tensor::ReduceResults results_;
  std::vector<OpenFile> files_;
  std::mutex progress_guard_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

Result<void> write_bundle(const tensor::Bundle& bundle, const std::string& folder,
                          const std::vector<std::string>& paths,
                          const std::vector<io::Source>& sources, const io::Host& host,
                          const Progress& progress) {
  try {
    Writer(bundle, paths, sources, host, progress).write(folder);
    return {};
  } catch (const io::Error& error) {
    return tl::unexpected(Failure{error.code(), error.what(), error.notes()});
  } catch (const std::exception& error) {
    return tl::unexpected(Failure{io::ErrorCode::Internal, error.what(), {}});
  }
}

}  // namespace tensorferry::cli
