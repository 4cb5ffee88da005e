#include "io/source.h"

#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <utility>

#include "io/error.h"

namespace tensorferry::io {

void check_range(const Source& source, std::uint64_t offset, std::uint64_t length) {
  if (offset > source.size || length > source.size - offset) {
    throw Error(ErrorCode::FileTruncated,
                fmt::format("{}: {} bytes are expected at offset {}, but the file ends at {}.",
                            source.name, length, offset, source.size));
  }
}

Source memory_source(std::string name, std::vector<std::byte> bytes) {
  auto shared = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  Source source{std::move(name), shared->size(), {}};
  source.read = [shared, bounds = Source{source.name, source.size, {}}](std::uint64_t offset,
                                                                        std::span<std::byte> out) {
    check_range(bounds, offset, out.size());
    if (!out.empty()) std::memcpy(out.data(), shared->data() + offset, out.size());
  };
  return source;
}

Source sub_source(const Source& source, std::string name, std::uint64_t offset,
                  std::uint64_t size) {
  check_range(source, offset, size);
  Source member{std::move(name), size, {}};
  member.read = [read = source.read, offset, bounds = Source{member.name, size, {}}](
                    std::uint64_t begin, std::span<std::byte> out) {
    check_range(bounds, begin, out.size());
    read(offset + begin, out);
  };
  return member;
}

}  // namespace tensorferry::io
