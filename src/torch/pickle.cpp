#include "torch/pickle.h"

#include <cstring>
#include <utility>

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
constexpr char new_true = '\x88';
constexpr char new_false = '\x89';
constexpr char real = 'G';
constexpr char empty_plain_dict = '}';
constexpr char empty_list = ']';
constexpr char appends = 'e';
constexpr char remember = 'q';
constexpr char recall = 'h';
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

  void number(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    op(real);
    for (int shift = 56; shift >= 0; shift -= 8) op(static_cast<char>(bits >> shift & 0xff));
  }

  // Said once, and remembered.
  void counter(std::uint8_t size) {
    if (has_counter_) {
      op(recall);
      op('\0');
      return;
    }
    has_counter_ = true;
    op(long1);
    op(static_cast<char>(size));
    before_counter_ = take();
    op(remember);
    op('\0');
  }

  void empty_dict() {
    name("collections", "OrderedDict");
    op(empty_tuple);
    op(reduce);
  }

  std::string take() { return std::exchange(bytes_, {}); }

  Pickle take_pickle() {
    return has_counter_ ? Pickle{std::move(before_counter_), take()} : Pickle{take(), {}};
  }

 private:
  void little_endian(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
  }

  std::string bytes_;
  std::string before_counter_;
  bool has_counter_ = false;
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

class ValuePickler {
 public:
  ValuePickler(Pickler& pickler, std::uint8_t counter_bytes)
      : pickler_(pickler), counter_bytes_(counter_bytes) {}

  void write(const PickledValue& value) {
    std::visit([this](const auto& one) { write(one); }, value.value);
  }

 private:
  void write(bool value) { pickler_.op(value ? new_true : new_false); }
  void write(std::uint64_t value) { pickler_.integer(value); }
  void write(double value) { pickler_.number(value); }
  void write(const std::string& value) { pickler_.text(value); }
  void write(const PickledCounter&) { pickler_.counter(counter_bytes_); }
  void write(const PickledTensor& value) { pickle_tensor(pickler_, value); }

  void write(const PickledList& list) {
    pickler_.op(empty_list);
    pickler_.op(mark);
    for (const PickledValue& item : list.items) write(item);
    pickler_.op(appends);
  }

  void write(const PickledTuple& items) {
    pickler_.op(mark);
    for (const PickledValue& item : items.items) write(item);
    pickler_.op(tuple);
  }

  void write(const PickledDict& dict) {
    pickler_.op(empty_plain_dict);
    pickler_.op(mark);
    for (const auto& [key, value] : dict) {
      write(key);
      write(value);
    }
    pickler_.op(set_items);
  }

  Pickler& pickler_;
  std::uint8_t counter_bytes_;
};

}  // namespace

Pickle pickled(const PickledValue& value, std::uint8_t counter_bytes) {
  Pickler pickler;
  pickler.op(proto);
  pickler.op('\x02');
  ValuePickler(pickler, counter_bytes).write(value);
  pickler.op(stop);
  return pickler.take_pickle();
}

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
