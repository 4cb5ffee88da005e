#include <map>

#include "io/error.h"
#include "tensor/zip_format.h"
#include "torch/pickle.h"
#include "torch/state_file.h"

namespace tensorferry::torch {

namespace {

constexpr std::uint64_t data_alignment =
    64;                                    // caffe2/serialize/inline_container.h: kFieldAlignment
constexpr std::uint64_t extra_header = 4;  // id and size of an extra field

std::vector<std::uint64_t> row_major(const tensor::Shape& shape) {
  std::vector<std::uint64_t> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * shape[axis];
  }
  return strides;
}

std::string storage_class(tensor::DType dtype, const std::string& key) {
  switch (dtype) {
    case tensor::DType::Float16:
      return "HalfStorage";
    case tensor::DType::BFloat16:
      return "BFloat16Storage";
    case tensor::DType::Float32:
      return "FloatStorage";
    case tensor::DType::Float64:
      return "DoubleStorage";
    case tensor::DType::Int8:
      return "CharStorage";
    case tensor::DType::Int16:
      return "ShortStorage";
    case tensor::DType::Int32:
      return "IntStorage";
    case tensor::DType::Int64:
      return "LongStorage";
    case tensor::DType::UInt8:
      return "ByteStorage";
    case tensor::DType::Bool:
      return "BoolStorage";
    case tensor::DType::UInt16:
    case tensor::DType::UInt32:
    case tensor::DType::UInt64:
      break;
  }
  throw io::Error(io::ErrorCode::WeightDtype,
                  "A .pt file cannot hold \"" + key + "\", whose dtype is " +
                      std::string(dtype_name(dtype)) + "; choose safetensors.");
}

class PtPlan {
 public:
  PtPlan(tensor::Bundle& bundle, const std::string& path) : bundle_(bundle), file_{path, {}} {}

  void add_bytes(const std::string& name, const std::string& bytes) {
    begin_member(name, bytes.size());
    append_bytes(file_, bytes);
    offset_ += bytes.size();
  }

  void add_pickle(const Pickle& pickle, const std::optional<tensor::TensorRef>& counter) {
    if (!counter || pickle.after.empty()) return add_bytes("data.pkl", pickle.before);
    const std::uint64_t size =
        pickle.before.size() + dtype_size(counter->dtype) + pickle.after.size();
    begin_member("data.pkl", size);
    append_bytes(file_, pickle.before);
    append_tensor(bundle_, file_, tensor::identity_computation(*counter));
    append_bytes(file_, pickle.after);
    offset_ += size;
  }

  void add_tensor(const std::string& name, const tensor::Computation& computation) {
    const std::uint64_t size =
        tensor::element_count(computation.shape) * dtype_size(computation.dtype);
    begin_member(name, size);
    append_tensor(bundle_, file_, computation);
    offset_ += size;
  }

  tensor::OutputFile finish() {
    std::string directory;
    for (const tensor::ZipEntry& entry : entries_) directory += bytes_of(zip_central_header(entry));
    append_bytes(file_, directory + tensor::zip_end(entries_.size(), offset_, directory.size()));
    return std::move(file_);
  }

 private:
  static std::string bytes_of(const tensor::ZipRecord& record) {
    return record.before_crc + tensor::zip_crc_bytes(0) + record.after_crc;
  }

  void begin_member(const std::string& name, std::uint64_t size) {
    tensor::ZipEntry entry{"model/" + name, size, offset_, ""};
    const std::uint64_t begin = offset_ + zip_local_header(entry).size() + extra_header;
    const std::uint64_t padding = (data_alignment - begin % data_alignment) % data_alignment;
    // torch's own filler: the extra field "FB" of zeros.
    entry.local_extra = "FB";
    entry.local_extra += static_cast<char>(padding);
    entry.local_extra += '\0';
    entry.local_extra.append(padding, '\0');
    const std::string header = bytes_of(zip_local_header(entry));
    append_bytes(file_, header);
    offset_ += header.size();
    entries_.push_back(std::move(entry));
  }

  tensor::Bundle& bundle_;
  tensor::OutputFile file_;
  std::uint64_t offset_ = 0;
  std::vector<tensor::ZipEntry> entries_;
};

}  // namespace

bool is_strided(const Weight& weight) {
  return weight.strided && weight.strided->strides != row_major(weight.contiguous.shape);
}

tensor::OutputFile pt_file(tensor::Bundle& bundle, const std::string& path,
                           const std::vector<NamedWeight>& weights, bool strided) {
  std::vector<PickledTensor> tensors;
  std::map<std::size_t, std::size_t> numbers;  // storage → its number in the file
  std::vector<const tensor::Computation*> storages;
  for (const NamedWeight& named : weights) {
    const Weight& weight = *named.weight;
    const bool by_strides = strided && is_strided(weight);
    const auto [number, is_new] = numbers.emplace(named.storage, storages.size());
    if (is_new) storages.push_back(by_strides ? &weight.strided->storage : &weight.contiguous);
    tensors.push_back({named.key, storage_class(weight.contiguous.dtype, named.key), number->second,
                       tensor::element_count(weight.contiguous.shape), weight.contiguous.shape,
                       by_strides ? weight.strided->strides : row_major(weight.contiguous.shape)});
  }
  PtPlan plan(bundle, path);
  plan.add_bytes("data.pkl", pickled_state_dict(tensors));
  plan.add_bytes("byteorder", "little");
  for (std::size_t i = 0; i < storages.size(); ++i) {
    plan.add_tensor("data/" + std::to_string(i), *storages[i]);
  }
  plan.add_bytes("version", "3\n");
  return plan.finish();
}

PickledValue StateDict::add(tensor::Computation computation) {
  PickledTensor tensor{"",
                       storage_class(computation.dtype, "optimizer"),
                       storages.size(),
                       tensor::element_count(computation.shape),
                       computation.shape,
                       row_major(computation.shape)};
  storages.push_back(std::move(computation));
  return {std::move(tensor)};
}

tensor::OutputFile pt_file(tensor::Bundle& bundle, const std::string& path,
                           const StateDict& state_dict) {
  const std::optional<tensor::TensorRef>& counter = state_dict.counter;
  const auto bytes = static_cast<std::uint8_t>(counter ? dtype_size(counter->dtype) : 0);
  PtPlan plan(bundle, path);
  plan.add_pickle(pickled(state_dict.value, bytes), counter);
  plan.add_bytes("byteorder", "little");
  for (std::size_t i = 0; i < state_dict.storages.size(); ++i) {
    plan.add_tensor("data/" + std::to_string(i), state_dict.storages[i]);
  }
  plan.add_bytes("version", "3\n");
  return plan.finish();
}

}  // namespace tensorferry::torch
