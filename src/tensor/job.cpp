// Jobs as bytes: little-endian numbers of 8 bytes, lists and texts preceded by their length, a
// variant by the index of its alternative. Encoded and decoded by the same version, so there is no
// version number.
#include <cstring>
#include <map>
#include <type_traits>
#include <utility>

#include "io/error.h"
#include "io/overloaded.h"
#include "tensor/produce.h"

namespace tensorferry::tensor {

namespace {

class Writer {
 public:
  static constexpr bool reads = false;
  void number(std::uint64_t& value) {
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }
  void raw(char* data, std::size_t size) { bytes.append(data, size); }

  std::string bytes;
};

class Reader {
 public:
  static constexpr bool reads = true;
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  void number(std::uint64_t& value) {
    char raw_bytes[8];
    raw(raw_bytes, 8);
    value = 0;
    for (int i = 8; i-- > 0;) value = value << 8 | static_cast<unsigned char>(raw_bytes[i]);
  }
  void raw(char* data, std::size_t size) {
    if (size > bytes_.size()) {
      throw io::Error(io::ErrorCode::Internal, "A job's bytes end too early.");
    }
    if (size > 0) std::memcpy(data, bytes_.data(), size);
    bytes_.remove_prefix(size);
  }
  std::size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

// One function a struct lists its fields, for writing and for reading alike.
template <class Archive, class Value>
void archive(Archive& it, Value& value);

template <class Archive, class... Values>
void fields(Archive& it, Values&... values) {
  (archive(it, values), ...);
}

template <class Archive>
void describe(Archive& it, Contiguous& value) {
  fields(it, value.file, value.offset);
}
template <class Archive>
void describe(Archive& it, Chunk& value) {
  fields(it, value.first_element, value.offset, value.stored_size, value.filter_mask);
}
template <class Archive>
void describe(Archive& it, Chunked& value) {
  fields(it, value.file, value.chunk_shape, value.filters, value.chunks, value.fill);
}
template <class Archive>
void describe(Archive& it, Fill& value) {
  fields(it, value.value);
}
template <class Archive>
void describe(Archive& it, Inline& value) {
  fields(it, value.bytes);
}
template <class Archive>
void describe(Archive& it, TensorRef& value) {
  fields(it, value.name, value.dtype, value.shape, value.big_endian, value.storage);
}
template <class Archive>
void describe(Archive& it, View& value) {
  fields(it, value.input, value.shape, value.strides, value.offset);
}
template <class Archive>
void describe(Archive& it, Cast& value) {
  fields(it, value.to);
}
template <class Archive>
void describe(Archive& it, Affine& value) {
  fields(it, value.factor, value.offset);
}
template <class Archive>
void describe(Archive& it, Quantize& value) {
  fields(it, value.to, value.minimum, value.maximum);
}
template <class Archive>
void describe(Archive&, SquareRoot&) {}
template <class Archive>
void describe(Archive& it, AtLeast& value) {
  fields(it, value.value);
}
template <class Archive>
void describe(Archive& it, Nibble& value) {
  fields(it, value.upper);
}
template <class Archive>
void describe(Archive& it, Combination& value) {
  fields(it, value.kind, value.operands, value.factor);
}
template <class Archive>
void describe(Archive& it, Computation& value) {
  fields(it, value.inputs, value.views, value.axis, value.values, value.combinations, value.dtype,
         value.shape);
}
template <class Archive>
void describe(Archive& it, InlinePart& value) {
  fields(it, value.bytes);
}
template <class Archive>
void describe(Archive& it, SlicePart& value) {
  fields(it, value.file, value.offset, value.length);
}
template <class Archive>
void describe(Archive& it, ComputedPart& value) {
  fields(it, value.computation, value.begin, value.length);
}
template <class Archive>
void describe(Archive& it, CrcPiece& value) {
  fields(it, value.crc, value.length);
}
template <class Archive>
void describe(Archive& it, CrcField& value) {
  fields(it, value.pieces);
}
template <class Archive>
void describe(Archive& it, NumberText::Slot& value) {
  fields(it, value.number, value.minimum, value.maximum, value.to);
}
template <class Archive>
void describe(Archive& it, NumberText& value) {
  fields(it, value.pieces, value.slots);
}
template <class Archive>
void describe(Archive& it, ShaText& value) {
  fields(it, value.sha);
}
template <class Archive>
void describe(Archive& it, DeferredPart& value) {
  fields(it, value.size, value.content);
}
template <class Archive>
void describe(Archive& it, TensorElements& value) {
  fields(it, value.computation);
}
template <class Archive>
void describe(Archive& it, FileBytes& value) {
  fields(it, value.file);
}
template <class Archive>
void describe(Archive& it, FileParts& value) {
  fields(it, value.file, value.first, value.count);
}
template <class Archive>
void describe(Archive& it, Reduce& value) {
  fields(it, value.kind, value.over);
}
template <class Archive>
void describe(Archive& it, OutputFile& value) {
  fields(it, value.path, value.parts);
}
template <class Archive>
void describe(Archive& it, Bundle& value) {
  fields(it, value.files, value.computations, value.reduces);
}
template <class Archive>
void describe(Archive& it, Job& value) {
  fields(it, value.bundle, value.part, value.results);
}
template <class Archive>
void describe(Archive& it, ReduceJob& value) {
  fields(it, value.bundle, value.results);
}

template <class Archive>
void describe(Archive& it, double& value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, 8);
  it.number(bits);
  std::memcpy(&value, &bits, 8);
}

// The length of a list; each element has at least one byte, so a damaged length cannot ask for
// memory.
template <class Archive, class List>
void describe_length(Archive& it, List& list) {
  std::uint64_t size = list.size();
  it.number(size);
  if constexpr (Archive::reads) {
    if (size > it.left()) throw io::Error(io::ErrorCode::Internal, "A job's bytes end too early.");
    list.resize(static_cast<std::size_t>(size));
  }
}

template <class Archive>
void describe(Archive& it, std::string& value) {
  describe_length(it, value);
  it.raw(value.data(), value.size());
}
template <class Archive>
void describe(Archive& it, std::vector<std::byte>& value) {
  describe_length(it, value);
  it.raw(reinterpret_cast<char*>(value.data()), value.size());
}
template <class Archive, class Element>
void describe(Archive& it, std::vector<Element>& value) {
  describe_length(it, value);
  for (Element& element : value) archive(it, element);
}

template <std::size_t index, class Archive, class... Alternatives>
void describe_alternative(Archive& it, std::variant<Alternatives...>& value, std::uint64_t chosen) {
  if constexpr (index < sizeof...(Alternatives)) {
    if (chosen != index) return describe_alternative<index + 1>(it, value, chosen);
    if constexpr (Archive::reads) value.template emplace<index>();
    archive(it, std::get<index>(value));
  } else {
    throw io::Error(io::ErrorCode::Internal, "A job names an alternative that does not exist.");
  }
}
template <class Archive, class... Alternatives>
void describe(Archive& it, std::variant<Alternatives...>& value) {
  std::uint64_t index = value.index();
  it.number(index);
  describe_alternative<0>(it, value, index);
}

template <class Archive>
void describe(Archive& it, ReduceResults& value) {
  std::vector<ReduceId> ids;
  std::vector<ReduceResult> results;
  for (const auto& [id, result] : value) {
    ids.push_back(id);
    results.push_back(result);
  }
  fields(it, ids, results);
  if constexpr (Archive::reads) {
    for (std::size_t i = 0; i < ids.size() && i < results.size(); ++i) value[ids[i]] = results[i];
  }
}

template <class Archive, class Value>
void archive(Archive& it, Value& value) {
  if constexpr (std::is_integral_v<Value> || std::is_enum_v<Value>) {
    auto number = static_cast<std::uint64_t>(value);
    it.number(number);
    value = static_cast<Value>(number);
  } else {
    describe(it, value);
  }
}

// Copies what parts need from one bundle into another, with new numbers.
class Extract {
 public:
  explicit Extract(const Bundle& from) : from_(from) {}

  Part part(const Part& part) {
    Part copy = part;
    if (auto* computed = std::get_if<ComputedPart>(&copy)) {
      computed->computation = computation(computed->computation);
    }
    return copy;
  }

  std::uint32_t computation(std::uint32_t index) {
    const auto next = static_cast<std::uint32_t>(bundle.computations.size());
    const auto [found, fresh] = numbers_.emplace(index, next);
    if (fresh) bundle.computations.push_back(from_.computations[index]);
    return found->second;
  }

  Bundle bundle;

 private:
  const Bundle& from_;
  std::map<std::uint32_t, std::uint32_t> numbers_;
};

ReduceResults needed(const std::vector<ReduceId>& ids, const ReduceResults& results) {
  ReduceResults found;
  for (const ReduceId id : ids) {
    const auto it = results.find(id);
    if (it == results.end()) {
      throw io::Error(io::ErrorCode::Internal,
                      "A job was asked for before what it needs is known.");
    }
    found.insert(*it);
  }
  return found;
}

template <class Value>
std::string encoded(Value value) {
  Writer writer;
  archive(writer, value);
  return std::move(writer.bytes);
}

template <class Value>
Value decoded(std::string_view bytes) {
  Reader reader(bytes);
  Value value;
  archive(reader, value);
  return value;
}

}  // namespace

std::string encode_job(const Bundle& bundle, const Part& part, const ReduceResults& results) {
  Extract extract(bundle);
  Job job;
  job.part = extract.part(part);
  job.bundle = std::move(extract.bundle);
  job.results = needed(needs_of(bundle, part), results);
  return encoded(std::move(job));
}

Job decode_job(std::string_view bytes) { return decoded<Job>(bytes); }

std::string encode_reduce_job(const Bundle& bundle, ReduceId id, const ReduceResults& results) {
  const Reduce& reduce = bundle.reduces.at(id);
  Extract extract(bundle);
  Reduce copy = reduce;
  OutputFile file;
  for (const Part& part : reduced_parts(bundle, reduce)) file.parts.push_back(extract.part(part));
  if (auto* elements = std::get_if<TensorElements>(&copy.over)) {
    elements->computation = extract.computation(elements->computation);
  } else {
    copy.over = FileBytes{0};
  }
  extract.bundle.files = {file};
  extract.bundle.reduces = {copy};
  return encoded(ReduceJob{std::move(extract.bundle), needed(needs_of(bundle, id), results)});
}

ReduceJob decode_reduce_job(std::string_view bytes) { return decoded<ReduceJob>(bytes); }

}  // namespace tensorferry::tensor
