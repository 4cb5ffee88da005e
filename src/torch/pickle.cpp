#include "torch/pickle.h"

namespace tensorferry::torch {

namespace {

// Opcodes of protocol 2 (CPython: Lib/pickle.py).
constexpr char proto = '\x80';
constexpr char stop = '.';
constexpr char mark = '(';
constexpr char tuple = 't';
constexpr char empty_tuple = ')';
constexpr char reduce = 'R';
constexpr char set_items = 'u';
constexpr char global = 'c';
constexpr char unicode = 'X';
constexpr char int1 = 'K';
constexpr char int2 = 'M';
constexpr char int4 = 'J';
constexpr char long1 = '\x8a';
constexpr char new_false = '\x89';
constexpr char persistent_id = 'Q';

class Pickler {
 public:
  void op(char code) { bytes_ += code; }

  void name(std::string_view module, std::string_view member) {
    op(global);
    bytes_ += module;
    bytes_ += '\n';
    bytes_ += member;
    bytes_ += '\n';
  }

  void text(std::string_view value) {
    op(unicode);
    little_endian(value.size(), 4);
    bytes_ += value;
  }

  void integer(std::uint64_t value) {
    if (value < 0x100) {
      op(int1);
      little_endian(value, 1);
    } else if (value < 0x10000) {
      op(int2);
      little_endian(value, 2);
    } else if (value < 0x80000000) {
      op(int4);
      little_endian(value, 4);
    } else {
      op(long1);
      bytes_ += '\x09';  // signed, so a leading zero byte
      little_endian(value, 8);
      bytes_ += '\0';
    }
  }

  void integers(const std::vector<std::uint64_t>& values) {
    op(mark);
    for (const std::uint64_t value : values) integer(value);
    op(tuple);
  }

  void empty_dict() {
    name("collections", "OrderedDict");
    op(empty_tuple);
    op(reduce);
  }

  std::string take() { return std::move(bytes_); }

 private:
  void little_endian(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
  }

  std::string bytes_;
};

// torch/_utils.py: _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks)
void pickle_tensor(Pickler& pickler, const PickledTensor& tensor) {
  pickler.name("torch._utils", "_rebuild_tensor_v2");
  pickler.op(mark);
  pickler.op(mark);
  pickler.text("storage");
  pickler.name("torch", tensor.storage_class);
  pickler.text(std::to_string(tensor.storage));
  pickler.text("cpu");
  pickler.integer(tensor.storage_elements);
  pickler.op(tuple);
  pickler.op(persistent_id);
  pickler.integer(0);
  pickler.integers(tensor.shape);
  pickler.integers(tensor.strides);
  pickler.op(new_false);
  pickler.empty_dict();
  pickler.op(tuple);
  pickler.op(reduce);
}

}  // namespace

std::string pickled_state_dict(const std::vector<PickledTensor>& tensors) {
  Pickler pickler;
  pickler.op(proto);
  pickler.op('\x02');
  pickler.empty_dict();
  pickler.op(mark);
  for (const PickledTensor& tensor : tensors) {
    pickler.text(tensor.key);
    pickle_tensor(pickler, tensor);
  }
  pickler.op(set_items);
  pickler.op(stop);
  return pickler.take();
}

}  // namespace tensorferry::torch
