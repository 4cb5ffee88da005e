#include <algorithm>
#include <utility>

#include "io/crc32.h"
#include "io/overloaded.h"
#include "tensor/bundle.h"
#include "tensor/produce.h"
#include "tensor/zip_format.h"

namespace tensorferry::tensor {

namespace {

// Parts are cut to about this size, so that the CRC of a large member is work for several workers.
constexpr std::uint64_t crc_piece = std::uint64_t{32} << 20;

// Cuts a part where it does not cost more to make its pieces apart.
void append_pieces(const Bundle& bundle, const Part& part, const MemoryLimits& limits,
                   std::vector<Part>& pieces) {
  std::visit(io::overloaded{[&](const SlicePart& it) {
                              for (std::uint64_t at = 0; at < it.length; at += crc_piece) {
                                pieces.emplace_back(SlicePart{it.file, it.offset + at,
                                                              std::min(crc_piece, it.length - at)});
                              }
                            },
                            [&](const ComputedPart& it) {
                              const std::uint64_t unit =
                                  std::max<std::uint64_t>(1, preferred_piece(bundle, part, limits));
                              const std::uint64_t piece =
                                  std::max<std::uint64_t>(1, crc_piece / unit) * unit;
                              for (std::uint64_t at = 0; at < it.length; at += piece) {
                                pieces.emplace_back(ComputedPart{it.computation, it.begin + at,
                                                                 std::min(piece, it.length - at)});
                              }
                            },
                            [&](const InlinePart&) { pieces.push_back(part); },
                            [&](const DeferredPart&) { pieces.push_back(part); }},
             part);
}

class ZipPlan {
 public:
  ZipPlan(const Bundle& bundle, const std::string& path, const MemoryLimits& limits)
      : bundle_(bundle), limits_(limits) {
    zip_ = bundle;
    zip_.files = {OutputFile{path, {}}};
  }

  Bundle run() && {
    for (const OutputFile& file : bundle_.files) add_member(file);
    add_directory();
    point_reduces_into_zip();
    return std::move(zip_);
  }

 private:
  struct Member {
    ZipEntry entry;
    Part crc;  ///< four bytes
  };

  OutputFile& file() { return zip_.files.front(); }

  void append(const ZipRecord& record, const Part& crc) {
    append_part(InlinePart{record.before_crc});
    append_part(crc);
    append_part(InlinePart{record.after_crc});
    offset_ += record.size();
  }

  // Inline bytes merge, but never into a part of a member, over which reduces run.
  void append_part(const Part& part) {
    std::vector<Part>& parts = file().parts;
    const auto* bytes = std::get_if<InlinePart>(&part);
    auto* last = parts.size() > sealed_ ? std::get_if<InlinePart>(&parts.back()) : nullptr;
    if (bytes != nullptr && last != nullptr) {
      last->bytes += bytes->bytes;
    } else {
      parts.push_back(part);
    }
  }

  void add_member(const OutputFile& member) {
    // Where each part of the member begins among its pieces, and where the last one ends.
    std::vector<std::uint32_t> begins;
    std::vector<Part> pieces;
    for (const Part& part : member.parts) {
      begins.push_back(static_cast<std::uint32_t>(pieces.size()));
      append_pieces(bundle_, part, limits_, pieces);
    }
    begins.push_back(static_cast<std::uint32_t>(pieces.size()));

    // A local header is one inline part, or two around a CRC that is known late.
    const std::size_t header_parts = is_inline(pieces) ? 1 : 3;
    const auto first = static_cast<std::uint32_t>(file().parts.size() + header_parts);
    const ZipEntry entry{member.path, member.size(), offset_, {}};
    const Part crc = crc_of(pieces, first);
    append(zip_local_header(entry), crc);
    for (std::uint32_t& begin : begins) begin += first;
    begins_.push_back(std::move(begins));
    for (Part& piece : pieces) file().parts.push_back(std::move(piece));
    sealed_ = file().parts.size();
    offset_ += entry.size;
    members_.push_back({entry, crc});
  }

  static bool is_inline(const std::vector<Part>& parts) {
    return std::all_of(parts.begin(), parts.end(),
                       [](const Part& part) { return std::holds_alternative<InlinePart>(part); });
  }

  Part crc_of(const std::vector<Part>& parts, std::uint32_t first) {
    if (is_inline(parts)) {
      std::uint32_t crc = 0;
      for (const Part& part : parts) crc = io::crc32(std::get<InlinePart>(part).bytes, crc);
      return InlinePart{zip_crc_bytes(crc)};
    }
    CrcField field;
    std::uint32_t begin = 0;
    std::uint64_t length = 0;
    const auto count = static_cast<std::uint32_t>(parts.size());
    for (std::uint32_t i = 0; i < count; ++i) {
      length += part_size(parts[i]);
      const bool full = i + 1 == count || length + part_size(parts[i + 1]) > crc_piece;
      if (!full) continue;
      field.pieces.push_back({static_cast<ReduceId>(zip_.reduces.size()), length});
      zip_.reduces.push_back({ReduceKind::Crc32, FileParts{0, first + begin, i + 1 - begin}});
      begin = i + 1;
      length = 0;
    }
    return DeferredPart{4, field};
  }

  void add_directory() {
    const std::uint64_t begin = offset_;
    for (const Member& member : members_) append(zip_central_header(member.entry), member.crc);
    append_bytes(file(), zip_end(members_.size(), begin, offset_ - begin));
  }

  // Reduces over a file are now over pieces in the zip; they stay before the CRCs that need them.
  void point_reduces_into_zip() {
    for (std::size_t i = 0; i < bundle_.reduces.size(); ++i) {
      std::visit(io::overloaded{[](const TensorElements&) {},
                                [&](const FileBytes& over) {
                                  const std::vector<std::uint32_t>& begins = begins_[over.file];
                                  point(i, begins.front(), begins.back());
                                },
                                [&](const FileParts& over) {
                                  const std::vector<std::uint32_t>& begins = begins_[over.file];
                                  point(i, begins[over.first], begins[over.first + over.count]);
                                }},
                 bundle_.reduces[i].over);
    }
  }

  void point(std::size_t reduce, std::uint32_t begin, std::uint32_t end) {
    zip_.reduces[reduce].over = FileParts{0, begin, end - begin};
  }

  const Bundle& bundle_;
  MemoryLimits limits_;
  Bundle zip_;
  std::uint64_t offset_ = 0;
  std::size_t sealed_ = 0;  ///< parts before this one belong to members and their headers
  std::vector<Member> members_;
  std::vector<std::vector<std::uint32_t>> begins_;  ///< of each member
};

}  // namespace

Bundle zip_bundle(const Bundle& bundle, const std::string& path, const MemoryLimits& limits) {
  return ZipPlan(bundle, path, limits).run();
}

}  // namespace tensorferry::tensor
