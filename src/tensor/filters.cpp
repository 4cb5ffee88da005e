#include "tensor/filters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "io/error.h"

namespace tensorferry::tensor {

namespace {

using Bytes = std::vector<std::byte>;

[[noreturn]] void damaged(const std::string& what) { throw io::Error(io::ErrorCode::Hdf5, what); }

// The sum of 16-bit words modulo 65535 where 65535 itself stands for a multiple of it.
std::uint32_t folded(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint32_t>(sum);
}

// Fletcher's checksum over big-endian 16-bit words, as HDF5 stores it; an odd last byte is a high
// one.
std::uint32_t fletcher32(std::span<const std::byte> bytes) {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  constexpr std::size_t words_between_folds = 4096;
  std::size_t words = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    std::uint32_t word = std::to_integer<std::uint32_t>(bytes[at]) << 8;
    if (at + 1 < bytes.size()) word |= std::to_integer<std::uint32_t>(bytes[at + 1]);
    first += word;
    second += first;
    if (++words % words_between_folds == 0) {
      first = folded(first);
      second = folded(second);
    }
  }
  return folded(second) << 16 | folded(first);
}

Bytes undo(Filter filter, Bytes bytes, std::uint64_t size, std::size_t element_size) {
  switch (filter) {
    case Filter::Deflate:
      return undo_deflate(bytes, size);
    case Filter::Shuffle:
      return undo_shuffle(bytes, element_size);
    case Filter::Fletcher32:
      return undo_fletcher32(std::move(bytes));
    case Filter::Lzf:
      return undo_lzf(bytes, size);
    case Filter::RawDeflate:
      return undo_raw_deflate(bytes, size);
  }
  return bytes;
}

}  // namespace

namespace {

// `window_bits` as inflateInit2 takes them: negative for bytes without zlib's header.
Bytes inflated(std::span<const std::byte> bytes, std::uint64_t size, int window_bits) {
  Bytes out(size);
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) damaged("zlib could not be initialized");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = inflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  inflateEnd(&stream);
  if (status != Z_STREAM_END) {
    damaged(fmt::format("its deflated bytes are damaged or longer than {} bytes", size));
  }
  return out;
}

}  // namespace

Bytes undo_deflate(std::span<const std::byte> bytes, std::uint64_t size) {
  return inflated(bytes, size, MAX_WBITS);
}

Bytes undo_raw_deflate(std::span<const std::byte> bytes, std::uint64_t size) {
  return inflated(bytes, size, -MAX_WBITS);
}

// A control byte below 32 is followed by that many bytes + 1 as they are. Above, its three high
// bits are a length - 2 (7: the next byte is added to it), its five low bits and one more byte a
// distance - 1.
Bytes undo_lzf(std::span<const std::byte> bytes, std::uint64_t size) {
  Bytes out;
  out.reserve(size);
  std::size_t at = 0;
  const auto next = [&] {
    if (at >= bytes.size()) damaged("its LZF bytes end too early");
    return std::to_integer<std::size_t>(bytes[at++]);
  };
  while (at < bytes.size()) {
    const std::size_t control = next();
    const bool literal = control < 32;
    std::size_t length = literal ? control + 1 : control >> 5;
    std::size_t distance = 0;
    if (!literal) {
      if (length == 7) length += next();
      length += 2;
      distance = ((control & 31) << 8 | next()) + 1;
    }
    if (length > size - out.size())
      damaged(fmt::format("its LZF bytes are longer than {} bytes", size));
    if (literal) {
      if (length > bytes.size() - at) damaged("its LZF bytes end too early");
      out.insert(out.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + length));
      at += length;
    } else {
      if (distance > out.size()) damaged("its LZF bytes refer to what was never written");
      // The ranges may overlap: a repeated pattern.
      for (std::size_t i = 0; i < length; ++i) out.push_back(out[out.size() - distance]);
    }
  }
  return out;
}

// Byte k of all elements lies together. What does not fill an element follows as it is.
Bytes undo_shuffle(std::span<const std::byte> bytes, std::size_t element_size) {
  Bytes out(bytes.size());
  const std::size_t count = bytes.size() / element_size;
  if (element_size == 4) {
    const std::byte* plane = bytes.data();
    for (std::size_t i = 0; i < count; ++i) {
      out[4 * i] = plane[i];
      out[4 * i + 1] = plane[count + i];
      out[4 * i + 2] = plane[2 * count + i];
      out[4 * i + 3] = plane[3 * count + i];
    }
  } else {
    for (std::size_t k = 0; k < element_size; ++k) {
      for (std::size_t i = 0; i < count; ++i) out[i * element_size + k] = bytes[k * count + i];
    }
  }
  const std::size_t whole = count * element_size;
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(whole), bytes.end(),
            out.begin() + static_cast<std::ptrdiff_t>(whole));
  return out;
}

Bytes undo_fletcher32(Bytes bytes) {
  if (bytes.size() < 4) damaged("its checksum is missing");
  const std::size_t size = bytes.size() - 4;
  std::uint32_t stored = 0;
  for (std::size_t i = 4; i-- > 0;) {
    stored = stored << 8 | std::to_integer<std::uint32_t>(bytes[size + i]);
  }
  const std::uint32_t computed = fletcher32(std::span(bytes).first(size));
  // HDF5 before 1.6.3 stored it with the bytes of each half swapped.
  const std::uint32_t swapped = (computed & 0x00ff00ff) << 8 | (computed & 0xff00ff00) >> 8;
  if (stored != computed && stored != swapped) {
    damaged(fmt::format("its checksum is {:08x}, but its bytes have {:08x}", stored, computed));
  }
  bytes.resize(size);
  return bytes;
}

Bytes decode_chunk(const io::Source& source, const TensorRef& tensor,
                   const std::vector<Filter>& filters, const Chunk& chunk, std::uint64_t size) {
  const auto refuse = [&](const std::string& what) {
    throw io::Error(io::ErrorCode::Hdf5,
                    fmt::format("{}: the chunk of {} at element ({}): {}.", source.name,
                                tensor.name, fmt::join(chunk.first_element, ","), what));
  };
  // Filters make a chunk a little longer at most, so a larger one is a damaged file, not a need of
  // memory.
  if (chunk.stored_size > size + size / 8 + 65536) {
    refuse(fmt::format("it is said to have {} stored bytes for {} decoded ones", chunk.stored_size,
                       size));
  }
  const std::uint64_t longest =
      size + 4 * filters.size();  // a checksum may lie under another filter
  io::check_range(source, chunk.offset, chunk.stored_size);
  Bytes bytes(chunk.stored_size);
  source.read(chunk.offset, bytes);
  try {
    for (std::size_t i = filters.size(); i-- > 0;) {
      if ((chunk.filter_mask >> i & 1) != 0) continue;
      bytes = undo(filters[i], std::move(bytes), longest, dtype_size(tensor.dtype));
    }
  } catch (const io::Error& error) {
    refuse(error.what());
  }
  if (bytes.size() != size) {
    refuse(fmt::format("it has {} bytes when decoded, and {} are expected", bytes.size(), size));
  }
  return bytes;
}

}  // namespace tensorferry::tensor
