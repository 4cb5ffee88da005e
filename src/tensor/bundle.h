#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "tensor/transform.h"

namespace tensorferry::tensor {

/// Bytes that the plan itself holds: headers, source text.
struct InlinePart {
  std::string bytes;
  bool operator==(const InlinePart&) const = default;
};

/// A range of a dropped file, in that file's coordinates. Nothing is read to make it.
struct SlicePart {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const SlicePart&) const = default;
};

/// Bytes [begin, begin + length) of the output of a computation.
struct ComputedPart {
  std::uint32_t computation = 0;  ///< index into `Bundle::computations`
  std::uint64_t begin = 0;
  std::uint64_t length = 0;
  bool operator==(const ComputedPart&) const = default;
};

/// One piece of the bytes that a CRC covers.
struct CrcPiece {
  ReduceId crc = 0;
  std::uint64_t length = 0;
  bool operator==(const CrcPiece&) const = default;
};
/// The four little-endian bytes of a CRC32. A large member is several reduces, so that several
/// workers can read it; their results combine.
struct CrcField {
  std::vector<CrcPiece> pieces;
  bool operator==(const CrcField&) const = default;
};
/// Text with numbers that are known late, padded with spaces to `size`: `pieces[i]`, then the
/// shortest float64 text of slot i, and so on; one more piece than slots. TF.js's min and scale, as
/// `quantization_range` makes them. At most 24 characters a number.
struct NumberText {
  enum class Number { Minimum, Scale };
  struct Slot {
    Number number = Number::Minimum;
    ReduceId minimum = 0;
    ReduceId maximum = 0;
    DType to = DType::UInt8;  ///< of the quantized elements
    bool operator==(const Slot&) const = default;
  };
  std::vector<std::string> pieces;
  std::vector<Slot> slots;
  bool operator==(const NumberText&) const = default;
};
/// Lower-case hexadecimal SHA-256.
struct ShaText {
  ReduceId sha = 0;
  bool operator==(const ShaText&) const = default;
};

/// Bytes of a size known now whose values are known late.
struct DeferredPart {
  std::uint64_t size = 0;
  std::variant<CrcField, NumberText, ShaText> content;
  bool operator==(const DeferredPart&) const = default;
};

using Part = std::variant<InlinePart, SlicePart, ComputedPart, DeferredPart>;

std::uint64_t part_size(const Part& part);

/// Over which bytes a reduction runs: a computation's *elements* (min, max; before its Quantize),
/// or the bytes of one file of the bundle (crc32, sha256).
struct TensorElements {
  std::uint32_t computation = 0;
  bool operator==(const TensorElements&) const = default;
};
struct FileBytes {
  std::uint32_t file = 0;  ///< index into `Bundle::files`
  bool operator==(const FileBytes&) const = default;
};
/// The bytes of some neighbouring parts of a file: a member of a zip, or a piece of one. Whoever
/// makes these parts anyway can take their CRCs then and need not run the reduce.
struct FileParts {
  std::uint32_t file = 0;  ///< index into `Bundle::files`
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  bool operator==(const FileParts&) const = default;
};

enum class ReduceKind { Minimum, Maximum, Crc32, Sha256 };

struct Reduce {
  ReduceKind kind = ReduceKind::Crc32;
  std::variant<TensorElements, FileBytes, FileParts> over;
  bool operator==(const Reduce&) const = default;
};

/// A number (min, max), a CRC, or a digest as 64 lower-case hexadecimal digits.
using ReduceResult = std::variant<double, std::uint32_t, std::string>;

struct OutputFile {
  std::string path;  ///< relative, with '/'
  std::vector<Part> parts;
  std::uint64_t size() const;
  bool operator==(const OutputFile&) const = default;
};

/// The plan of an output before it is bytes (wall 2). Needs are acyclic, and a reduce needs earlier
/// reduces only. `temporaries` are files that no user gets: a `Contiguous` whose `file` is
/// `sources.size() + k` reads temporary k, which may read earlier ones (see stage.h).
struct Bundle {
  std::vector<OutputFile> files;
  std::vector<OutputFile> temporaries;
  std::vector<Computation> computations;
  std::vector<Reduce> reduces;
  bool operator==(const Bundle&) const = default;
};

/// The reduces whose results a part, or a reduce, needs: sorted, each once.
std::vector<ReduceId> needs_of(const Bundle& bundle, const Part& part);
std::vector<ReduceId> needs_of(const Bundle& bundle, ReduceId id);

/// The parts whose bytes a reduce runs over; none for one over elements.
std::span<const Part> reduced_parts(const Bundle& bundle, const Reduce& reduce);

/// The bytes that a reduce reads or makes, for progress.
std::uint64_t reduce_size(const Bundle& bundle, const Reduce& reduce);

/// Appends the part(s) of a computation to a file: a merged slice where the bytes lie as they are,
/// inline bytes where the plan holds them, else a ComputedPart.
void append_tensor(Bundle& bundle, OutputFile& file, Computation computation);

/// Appends inline bytes, merged into the last part where that is inline too.
void append_bytes(OutputFile& file, std::string_view bytes);

/// Appends a temporary for the output of each of these computations.
void add_temporaries(Bundle& bundle, const std::vector<Computation>& computations);

/// An upper bound of the text of a NumberText: the size to give its DeferredPart.
std::uint64_t number_text_size(const NumberText& text);

struct MemoryLimits;

/// The bundle as one stored zip `path` (zip64 where needed, decided now), members in order, times
/// fixed at 1980-01-01, with true CRCs as Deferred parts. Large parts are cut where ranges within
/// `limits` are cheap to make, so a bundle is staged (stage.h) before it becomes a zip.
Bundle zip_bundle(const Bundle& bundle, const std::string& path, const MemoryLimits& limits);

}  // namespace tensorferry::tensor
