#include "keras/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "h5/file.h"
#include "io/error.h"
#include "io/zip.h"
#include "keras/archive.h"

namespace tensorferry::keras {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view unpack = "Unpack it and give the model inside.";

[[noreturn]] void wrong(const io::Source& file, std::string_view what,
                        std::string_view way_out = "") {
  throw io::Error(io::ErrorCode::WrongFormat,
                  fmt::format("{} is {}, not a Keras model.{}{}", file.name, what,
                              way_out.empty() ? "" : " ", way_out));
}

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view what;
  std::string_view way_out;
};

constexpr Signature signatures[] = {
    {4, "TFL3"sv, "a TensorFlow Lite model", "Convert the Keras model that it was made from."sv},
    {0, "\x89PNG"sv, "a PNG picture", ""sv},
    {0, "\xff\xd8\xff"sv, "a JPEG picture", ""sv},
    {0, "GIF8"sv, "a GIF picture", ""sv},
    {8, "WEBP"sv, "a WebP picture", ""sv},
    {0, "%PDF"sv, "a PDF document", ""sv},
    {0, "\x1f\x8b"sv, "compressed with gzip", unpack},
    {0, "BZh"sv, "compressed with bzip2", unpack},
    {0, "\xfd\x37zXZ"sv, "compressed with xz", unpack},
    {0, "\x28\xb5\x2f\xfd"sv, "compressed with zstd", unpack},
    {0, "7z\xbc\xaf"sv, "a 7z archive", unpack},
    {0, "Rar!"sv, "a RAR archive", unpack},
    {257, "ustar"sv, "a tar archive", unpack},
    {0, "\x93NUMPY"sv, "a NumPy array", ""sv},
    {0, "\x0e\x03\x13\x01"sv, "an HDF4 file", ""sv},
    {0, "GGUF"sv, "a GGUF model", ""sv},
    {0, "version https://git-lfs"sv, "a Git LFS pointer to a file",
     "Fetch the file itself with `git lfs pull`."sv},
    {0, "\x80\x02"sv, "a Python pickle (a PyTorch model, perhaps)", ""sv},
    {0, "\x80\x03"sv, "a Python pickle (a PyTorch model, perhaps)", ""sv},
    {0, "\x80\x04"sv, "a Python pickle", ""sv},
    {0, "\x80\x05"sv, "a Python pickle", ""sv},
};

std::string beginning(const io::Source& file) {
  std::string bytes(std::min<std::uint64_t>(file.size, 4096), '\0');
  file.read(0, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  return bytes;
}

bool any_name(const std::vector<io::ZipMember>& members, std::string_view ending) {
  return std::any_of(members.begin(), members.end(), [&](const io::ZipMember& member) {
    return member.name == ending || (member.name.ends_with(ending) &&
                                     member.name[member.name.size() - ending.size() - 1] == '/');
  });
}

[[noreturn]] void refuse_zip(const io::Source& file, const std::vector<io::ZipMember>& members) {
  if (any_name(members, "data.pkl")) wrong(file, "a PyTorch model");
  if (any_name(members, "saved_model.pb")) wrong(file, "a zipped TensorFlow SavedModel");
  const bool arrays = !members.empty() &&
                      std::all_of(members.begin(), members.end(),
                                  [](const io::ZipMember& m) { return m.name.ends_with(".npy"); });
  if (arrays) wrong(file, "an archive of NumPy arrays");
  wrong(file, "a zip archive", unpack);
}

// An 8-byte length, then a JSON header.
bool is_safetensors(const std::string& bytes, std::uint64_t file_size) {
  if (bytes.size() < 9 || bytes[8] != '{') return false;
  std::uint64_t header = 0;
  for (int i = 7; i >= 0; --i) header = header << 8 | static_cast<unsigned char>(bytes[i]);
  return header <= file_size - 8;
}

// Protocol buffers have no signature; the first fields of these messages are telling enough.
std::string_view protobuf_kind(std::string_view bytes) {
  if (bytes.starts_with("\x08\x01\x12"sv)) return "a TensorFlow SavedModel";
  const bool onnx = bytes.size() > 3 && bytes[0] == '\x08' && bytes[1] < 0x20 &&
                    (bytes[2] == '\x12' || bytes[2] == '\x1a' || bytes[2] == '\x3a');
  if (onnx) return "an ONNX model";
  const bool graph = bytes.starts_with("\x0a") &&
                     (bytes.find("Placeholder") != bytes.npos || bytes.find("\x12\x05"
                                                                            "Const") != bytes.npos);
  return graph ? "a TensorFlow graph" : "";
}

bool is_html(std::string_view text) {
  std::string begin(text.substr(0, 64));
  std::transform(begin.begin(), begin.end(), begin.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return begin.starts_with("<!doctype html") || begin.starts_with("<html");
}

std::string_view trimmed(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

}  // namespace

FileKind file_kind(const io::Source& file) {
  if (file.size == 0) {
    throw io::Error(io::ErrorCode::FileEmpty, fmt::format("{} is empty (0 bytes).", file.name));
  }
  const std::string bytes = beginning(file);
  // HDF5 may begin at byte 512, 1024, 2048 … of a file, and a member of an archive may lie there.
  const bool is_zip = bytes.starts_with("PK\x03\x04");
  if (!is_zip && h5::looks_like_hdf5(file)) return FileKind::Hdf5;
  for (const Signature& signature : signatures) {
    if (bytes.size() >= signature.offset &&
        bytes.compare(signature.offset, signature.bytes.size(), signature.bytes) == 0) {
      wrong(file, signature.what, signature.way_out);
    }
  }
  if (is_zip) {
    const std::vector<io::ZipMember> members = io::zip_members(file);
    if (is_archive(members)) return FileKind::Archive;
    refuse_zip(file, members);
  }
  if (is_safetensors(bytes, file.size)) wrong(file, "a safetensors file");
  const std::string_view text = trimmed(bytes);
  if (text.starts_with('{')) return FileKind::Json;
  if (is_html(text)) wrong(file, "a web page (the page of a download, perhaps)");
  if (const std::string_view kind = protobuf_kind(bytes); !kind.empty()) wrong(file, kind);
  throw io::Error(io::ErrorCode::NotAModel,
                  fmt::format("{} is not an HDF5 file, and nothing else that is known: it begins "
                              "with neither a signature nor JSON.",
                              file.name));
}

}  // namespace tensorferry::keras
