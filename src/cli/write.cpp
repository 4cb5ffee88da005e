#include "cli/write.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "io/crc32.h"
#include "io/error.h"
#include "io/overloaded.h"

namespace tensorferry::cli {
namespace {

// Slices are copied in runs of this size, so that progress moves and threads share a large one.
constexpr std::uint64_t copy_run = 32u << 20;

// Slices whose CRC is wanted are read and written in pieces that stay in the cache meanwhile.
constexpr std::uint64_t crc_run = 1u << 20;

/// A range of a part, to be put at `offset` of a file; or a rectangle of it.
struct Unit {
  std::size_t file = 0;
  std::size_t part = 0;
  std::uint64_t begin = 0;
  std::uint64_t length = 0;
  std::uint64_t offset = 0;
  bool wants_crc = false;
  std::shared_ptr<const tensor::Rectangle> rectangle;
};

using Buffer = std::vector<std::byte>;

bool is_range(const tensor::Reduce& reduce) {
  return reduce.kind == tensor::ReduceKind::Minimum || reduce.kind == tensor::ReduceKind::Maximum;
}

struct OpenFile {
  std::string path;
  std::string part_path;
  io::FileHandle handle = 0;
  bool open = false;
};

class Writer {
 public:
  Writer(const tensor::Bundle& bundle, const std::vector<std::string>& paths,
         const std::vector<io::Source>& sources, const io::Host& host, const Progress& progress)
      : paths_(paths),
        sources_(sources),
        host_(host),
        progress_(progress),
        limits_(limits_of(host)),
        bundle_(bundle),
        files_(bundle_.files.size() + bundle_.temporaries.size()) {
    for (std::size_t file = 0; file < files_.size(); ++file) {
      total_ += planned(file).size();
      wants_crc_.emplace_back(planned(file).parts.size(), false);
      crcs_.emplace_back(planned(file).parts.size(), 0);
    }
    for (const tensor::Reduce& reduce : bundle_.reduces) {
      if (reduce.kind == tensor::ReduceKind::Crc32) {
        for_each_part(reduce,
                      [&](std::size_t file, std::size_t part) { wants_crc_[file][part] = true; });
      } else {
        total_ += tensor::reduce_size(bundle_, reduce);
      }
    }
  }

  void write(const std::string& folder) {
    const std::size_t count = bundle_.files.size();
    try {
      make_temporaries(folder);
      run_reduces([&](tensor::ReduceId id) { return is_range(bundle_.reduces[id]); });
      for (std::size_t file = 0; file < count; ++file) {
        create_file(file, folder + "/" + planned(file).path);
      }
      write_units(cut_into_units(0, count));
      run_reduces([&](tensor::ReduceId id) { return !is_range(bundle_.reduces[id]); });
      write_deferred();
      keep_files();
    } catch (...) {
      remove_files(0);
      throw;
    }
    remove_files(count);
  }

 private:
  // The files of the plan, then its temporaries.
  const tensor::OutputFile& planned(std::size_t file) const {
    const std::size_t count = bundle_.files.size();
    return file < count ? bundle_.files[file] : bundle_.temporaries[file - count];
  }

  // Each may read earlier ones, and is a source from then on.
  void make_temporaries(const std::string& folder) {
    for (std::size_t file = bundle_.files.size(); file < files_.size(); ++file) {
      const std::size_t number = file - bundle_.files.size();
      create_file(file, folder + "/" + planned(0).path + ".temporary-" + std::to_string(number));
      write_units(cut_into_units(file, file + 1));
      close_file(files_[file]);
      paths_.push_back(files_[file].part_path);
      sources_.push_back(host_.open(files_[file].part_path));
    }
  }

  // Runs `work(i, buffer)` for each i below `count`, over the host's threads, each with a buffer of
  // its own; the first failure stops all.
  void parallel(std::size_t count, const std::function<void(std::size_t, Buffer&)>& work) {
    std::atomic<std::size_t> next{0};
    std::optional<io::Error> failure;
    std::mutex failure_guard;
    host_.run_parallel(std::min(std::max<std::size_t>(host_.threads, 1), count), [&] {
      Buffer buffer;
      for (std::size_t i = next++; i < count; i = next++) {
        try {
          work(i, buffer);
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

  // Calls `visit(file, part)` for the parts whose bytes a reduce runs over.
  template <class Visit>
  void for_each_part(const tensor::Reduce& reduce, const Visit& visit) const {
    std::visit(io::overloaded{[](const tensor::TensorElements&) {},
                              [&](const tensor::FileBytes& over) {
                                const std::size_t count = bundle_.files[over.file].parts.size();
                                for (std::size_t i = 0; i < count; ++i) visit(over.file, i);
                              },
                              [&](const tensor::FileParts& over) {
                                for (std::size_t i = 0; i < over.count; ++i)
                                  visit(over.file, over.first + i);
                              }},
               reduce.over);
  }

  // Reduces that need none of the others run together; then those that needed these, and so on.
  void run_reduces(const std::function<bool(tensor::ReduceId)>& belongs) {
    std::vector<tensor::ReduceId> waiting;
    for (tensor::ReduceId id = 0; id < bundle_.reduces.size(); ++id) {
      if (belongs(id)) {
        waiting.push_back(id);
      }
    }
    while (!waiting.empty()) {
      std::vector<tensor::ReduceId> ready;
      std::vector<tensor::ReduceId> later;
      for (const tensor::ReduceId id : waiting) {
        (has_all(tensor::needs_of(bundle_, id)) ? ready : later).push_back(id);
      }
      std::vector<tensor::ReduceResult> results(ready.size());
      parallel(ready.size(), [&](std::size_t i, Buffer&) { results[i] = run_reduce(ready[i]); });
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
    if (bundle_.reduces[id].kind == tensor::ReduceKind::Crc32) {
      return combined_crc(bundle_.reduces[id]);
    }
    return tensor::reduce(bundle_, id, sources_, results_, limits_,
                          [&](std::uint64_t bytes) { add_progress(bytes); });
  }

  // The CRCs of what was written; only bytes that are known late are made for it.
  std::uint32_t combined_crc(const tensor::Reduce& reduce) const {
    std::uint32_t crc = 0;
    for_each_part(reduce, [&](std::size_t file, std::size_t index) {
      const tensor::Part& part = bundle_.files[file].parts[index];
      const bool late = std::holds_alternative<tensor::DeferredPart>(part);
      const std::uint32_t own = late ? io::crc32(deferred_bytes(part)) : crcs_[file][index];
      crc = io::crc32_combine(crc, own, tensor::part_size(part));
    });
    return crc;
  }

  Buffer deferred_bytes(const tensor::Part& part) const {
    Buffer bytes(tensor::part_size(part));
    tensor::produce(bundle_, part, 0, sources_, results_, limits_, bytes);
    return bytes;
  }

  void create_file(std::size_t file, const std::string& path) {
    host_.make_folder(path.substr(0, path.rfind('/')));
    OpenFile& made = files_[file];
    made = {path, path + ".part", 0, false};
    made.handle = host_.create(made.part_path, planned(file).size());
    made.open = true;
  }

  void close_file(OpenFile& file) {
    file.open = false;
    host_.close(file.handle);
  }

  // Nothing of a part whose bytes are known late.
  std::uint64_t run_length(const tensor::Part& part) const {
    return std::visit(
        io::overloaded{
            [](const tensor::InlinePart& bytes) -> std::uint64_t { return bytes.bytes.size(); },
            [](const tensor::SlicePart&) -> std::uint64_t { return copy_run; },
            [&](const tensor::ComputedPart&) -> std::uint64_t {
              return tensor::preferred_piece(bundle_, part, limits_);
            },
            [](const tensor::DeferredPart&) -> std::uint64_t { return 0; }},
        part);
  }

  std::vector<Unit> cut_into_units(std::size_t first_file, std::size_t end_file) const {
    std::vector<Unit> units;
    for (std::size_t file = first_file; file < end_file; ++file) {
      const std::vector<tensor::Part>& parts = planned(file).parts;
      std::uint64_t offset = 0;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        if (!add_rectangles(units, file, i, offset)) add_ranges(units, file, i, offset);
        offset += tensor::part_size(parts[i]);
      }
    }
    return units;
  }

  void add_ranges(std::vector<Unit>& units, std::size_t file, std::size_t part,
                  std::uint64_t offset) const {
    const std::uint64_t size = tensor::part_size(planned(file).parts[part]);
    const std::uint64_t run = run_length(planned(file).parts[part]);
    for (std::uint64_t begin = 0; run > 0 && begin < size; begin += run) {
      units.push_back({file, part, begin, std::min(run, size - begin), offset + begin,
                       wants_crc_[file][part], nullptr});
    }
  }

  // A CRC is of bytes in their order. False if there are none.
  bool add_rectangles(std::vector<Unit>& units, std::size_t file, std::size_t part,
                      std::uint64_t offset) const {
    if (wants_crc_[file][part]) return false;
    std::vector<tensor::Rectangle> found =
        tensor::rectangles_of(bundle_, planned(file).parts[part], limits_);
    for (tensor::Rectangle& rectangle : found) {
      const std::uint64_t length = rectangle.runs * rectangle.run_length;
      units.push_back({file, part, rectangle.begin, length, offset + rectangle.begin, false,
                       std::make_shared<tensor::Rectangle>(std::move(rectangle))});
    }
    return !found.empty();
  }

  void write_units(const std::vector<Unit>& units) {
    std::vector<std::uint32_t> crcs(units.size());
    parallel(units.size(), [&](std::size_t i, Buffer& buffer) {
      crcs[i] = write_unit(units[i], buffer);
      add_progress(units[i].length);
    });
    for (std::size_t i = 0; i < units.size(); ++i) {
      std::uint32_t& crc = crcs_[units[i].file][units[i].part];
      crc = io::crc32_combine(crc, crcs[i], units[i].length);
    }
  }

  // A vector that grows by itself becomes larger than it need be, and holds its old bytes
  // meanwhile.
  void enlarge(Buffer& buffer, std::uint64_t size) const {
    if (buffer.size() >= size) return;
    if (buffer.capacity() < size) {
      buffer = Buffer();
      buffer.reserve(std::max(size, limits_.tile));
    }
    buffer.resize(size);
  }

  // Returns the CRC of the unit's bytes where it is wanted.
  std::uint32_t write_unit(const Unit& unit, Buffer& buffer) {
    const tensor::Part& part = planned(unit.file).parts[unit.part];
    const io::FileHandle handle = files_[unit.file].handle;
    if (unit.rectangle != nullptr) {
      write_rectangle(unit, buffer);
      return 0;
    }
    const auto* slice = std::get_if<tensor::SlicePart>(&part);
    if (slice != nullptr && !unit.wants_crc) {
      host_.copy_range(handle, unit.offset, paths_[slice->file], slice->offset + unit.begin,
                       unit.length);
      return 0;
    }
    const std::uint64_t piece = slice != nullptr ? std::min(crc_run, unit.length) : unit.length;
    enlarge(buffer, piece);
    std::uint32_t crc = 0;
    for (std::uint64_t at = 0; at < unit.length; at += piece) {
      const std::span<std::byte> bytes = std::span(buffer).first(std::min(piece, unit.length - at));
      tensor::produce(bundle_, part, unit.begin + at, sources_, results_, limits_, bytes);
      if (unit.wants_crc) {
        crc = io::crc32(bytes, crc);
      }
      host_.write_at(handle, unit.offset + at, bytes);
    }
    return crc;
  }

  void write_rectangle(const Unit& unit, Buffer& buffer) {
    const tensor::Rectangle& rectangle = *unit.rectangle;
    enlarge(buffer, unit.length);
    const std::span<std::byte> bytes = std::span(buffer).first(unit.length);
    tensor::Bundle alone;
    alone.computations = {rectangle.computation};
    tensor::produce(alone, tensor::ComputedPart{0, 0, unit.length}, 0, sources_, results_, limits_,
                    bytes);
    // The system lets one thread at a time write to a file: others had better read meanwhile than
    // wait for each other at each of many short runs.
    const std::lock_guard<std::mutex> lock(writing_runs_);
    for (std::uint64_t run = 0; run < rectangle.runs; ++run) {
      host_.write_at(files_[unit.file].handle, unit.offset + run * rectangle.distance,
                     bytes.subspan(run * rectangle.run_length, rectangle.run_length));
    }
  }

  void write_deferred() {
    for (std::size_t file = 0; file < bundle_.files.size(); ++file) {
      std::uint64_t offset = 0;
      for (const tensor::Part& part : bundle_.files[file].parts) {
        if (std::holds_alternative<tensor::DeferredPart>(part)) {
          host_.write_at(files_[file].handle, offset, deferred_bytes(part));
          add_progress(tensor::part_size(part));
        }
        offset += tensor::part_size(part);
      }
    }
  }

  void keep_files() {
    for (std::size_t file = 0; file < bundle_.files.size(); ++file) close_file(files_[file]);
    for (std::size_t file = 0; file < bundle_.files.size(); ++file) {
      host_.rename(files_[file].part_path, files_[file].path);
    }
  }

  // What is not kept, of the files from this one on.
  void remove_files(std::size_t first) {
    for (std::size_t i = first; i < files_.size(); ++i) {
      OpenFile& file = files_[i];
      try {
        if (file.open) close_file(file);
        if (!file.part_path.empty()) host_.remove(file.part_path);
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

  std::vector<std::string> paths_;   ///< of the sources
  std::vector<io::Source> sources_;  ///< the dropped files, then the temporaries that are made
  const io::Host& host_;
  const Progress& progress_;
  tensor::MemoryLimits limits_;
  const tensor::Bundle& bundle_;
  std::mutex writing_runs_;
  tensor::ReduceResults results_;
  std::vector<OpenFile> files_;                   ///< in the order of `planned`
  std::vector<std::vector<bool>> wants_crc_;      ///< of each part of each file
  std::vector<std::vector<std::uint32_t>> crcs_;  ///< taken while writing
  std::mutex progress_guard_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

// Most of a thread's share is its tile: the larger that is, the longer the runs in which a
// transposed matrix is read and written. What is read for it had better stay in the processor's
// cache.
tensor::MemoryLimits limits_of(const io::Host& host) {
  const std::uint64_t share = memory_budget / std::max<std::size_t>(host.threads, 1);
  tensor::MemoryLimits limits;
  limits.tile = share / 6 * 5;
  limits.read_buffer = 512u << 10;
  limits.cached_chunks = share / 12;
  limits.read_gap = host.read_gap;
  return limits;
}

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
