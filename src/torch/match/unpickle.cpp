#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <variant>

#include "io/error.h"
#include "torch/match/state_dict_file.h"

namespace tensorferry::torch {

namespace {

struct Nothing {};
struct Mark {};
/// A number that is of no interest.
struct Real {};
struct Global {
  std::string name;  ///< "collections.OrderedDict"
};
/// What a persistent id stands for.
struct Storage {};
struct Tensor {
  tensor::Shape shape;
};
using ObjectId = std::size_t;
/// A tuple or a list.
struct Sequence {
  std::vector<ObjectId> items;
};
struct Dictionary {
  std::vector<std::pair<ObjectId, ObjectId>> items;
};
using Object = std::variant<Nothing, Mark, Real, std::int64_t, std::string, Global, Storage, Tensor,
                            Sequence, Dictionary>;

/// Reads a pickle of protocol 2 (CPython: Lib/pickle.py) and makes tensors of names and shapes. The
/// only callables that it knows are those by which torch.save writes a state_dict; objects of other
/// classes are refused by name.
class Unpickler {
 public:
  Unpickler(std::string_view bytes, std::string_view file) : bytes_(bytes), file_(file) {}

  std::vector<NamedShape> run() {
    while (!step(take(1)[0])) {
    }
    return state_dict(pop());
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw io::Error(io::ErrorCode::WrongFormat, fmt::format("{}: {}", file_, what));
  }

  std::string_view take(std::size_t count) {
    if (count > bytes_.size() - offset_) refuse("its pickle ends in the middle.");
    const std::string_view taken = bytes_.substr(offset_, count);
    offset_ += count;
    return taken;
  }

  std::uint64_t number(std::size_t count) {
    std::uint64_t value = 0;
    const std::string_view taken = take(count);
    for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(taken[i]);
    return value;
  }

  std::string line() {
    const std::size_t end = bytes_.find('\n', offset_);
    if (end == std::string_view::npos) refuse("its pickle ends in the middle.");
    const std::string_view taken = take(end - offset_);
    offset_ += 1;
    return std::string(taken);
  }

  void push(Object object) {
    stack_.push_back(objects_.size());
    objects_.push_back(std::move(object));
  }

  ObjectId pop() {
    if (stack_.empty()) refuse("its pickle takes what it has not put.");
    const ObjectId id = stack_.back();
    stack_.pop_back();
    return id;
  }

  ObjectId top() {
    const ObjectId id = pop();
    stack_.push_back(id);
    return id;
  }

  std::vector<ObjectId> pop_to_mark() {
    std::vector<ObjectId> items;
    for (ObjectId id = pop(); !std::holds_alternative<Mark>(objects_[id]); id = pop()) {
      items.push_back(id);
    }
    return {items.rbegin(), items.rend()};
  }

  template <class Kind>
  const Kind& as(ObjectId id, const char* what) const {
    const Kind* found = std::get_if<Kind>(&objects_.at(id));
    if (found == nullptr) refuse(fmt::format("its pickle is not a state_dict's: no {}.", what));
    return *found;
  }

  void push_long() {
    const std::uint64_t count = number(1);
    if (count > 8) refuse("its pickle holds a number of more than 64 bits.");
    push(static_cast<std::int64_t>(number(count)));
  }

  void remember(std::uint64_t place) { memo_[place] = top(); }

  void recall(std::uint64_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) refuse("its pickle asks for what it has not kept.");
    stack_.push_back(found->second);
  }

  void set_items(const std::vector<ObjectId>& items) {
    auto* dictionary = std::get_if<Dictionary>(&objects_[top()]);
    if (dictionary == nullptr || items.size() % 2 != 0) refuse("its pickle fills what is no dict.");
    for (std::size_t i = 0; i < items.size(); i += 2) {
      dictionary->items.emplace_back(items[i], items[i + 1]);
    }
  }

  void append(const std::vector<ObjectId>& items) {
    auto* sequence = std::get_if<Sequence>(&objects_[top()]);
    if (sequence == nullptr) refuse("its pickle fills what is no list.");
    sequence->items.insert(sequence->items.end(), items.begin(), items.end());
  }

  // torch/_utils.py: _rebuild_tensor_v2(storage, offset, size, stride, …), _rebuild_parameter(data,
  // …)
  void reduce() {
    const std::vector<ObjectId> arguments = as<Sequence>(pop(), "arguments").items;
    const std::string name = as<Global>(pop(), "callable").name;
    if (name == "collections.OrderedDict" && arguments.empty()) return push(Dictionary{});
    if (name == "torch.Size" && arguments.size() == 1) {
      stack_.push_back(arguments[0]);
      return;
    }
    if (name == "torch._utils._rebuild_parameter" && !arguments.empty()) {
      stack_.push_back(arguments[0]);
      return;
    }
    if (name == "torch._utils._rebuild_tensor_v2" && arguments.size() >= 4) {
      as<Storage>(arguments[0], "storage");
      return push(Tensor{shape_of(arguments[2])});
    }
    refuse_callable(name);
  }

  [[noreturn]] void refuse_callable(const std::string& name) const {
    refuse(
        fmt::format("it is more than a state_dict: it asks for `{}`, and nothing of a pickle is "
                    "executed here. Save it by torch.save(model.state_dict(), …).",
                    name));
  }

  tensor::Shape shape_of(ObjectId id) const {
    tensor::Shape shape;
    for (const ObjectId extent : as<Sequence>(id, "shape").items) {
      const std::int64_t value = as<std::int64_t>(extent, "extent");
      if (value < 0) refuse("a shape of its pickle is negative.");
      shape.push_back(static_cast<std::uint64_t>(value));
    }
    return shape;
  }

  void put_sequence(std::size_t count) {
    Sequence sequence;
    for (std::size_t i = 0; i < count; ++i) sequence.items.insert(sequence.items.begin(), pop());
    push(std::move(sequence));
  }

  /// True at the end.
  bool step(char code) {
    switch (code) {
      case '\x80':  // PROTO
        if (number(1) != 2) refuse("its pickle is not of protocol 2, which torch.save writes.");
        return false;
      case '.':  // STOP
        return true;
      case '(':  // MARK
        push(Mark{});
        return false;
      case '}':  // EMPTY_DICT
        push(Dictionary{});
        return false;
      case ']':  // EMPTY_LIST
      case ')':  // EMPTY_TUPLE
        push(Sequence{});
        return false;
      case 't':  // TUPLE
        push(Sequence{pop_to_mark()});
        return false;
      case '\x85':  // TUPLE1
      case '\x86':  // TUPLE2
      case '\x87':  // TUPLE3
        put_sequence(static_cast<unsigned char>(code) - 0x84U);
        return false;
      case 'u':  // SETITEMS
        set_items(pop_to_mark());
        return false;
      case 's': {  // SETITEM
        const ObjectId value = pop();
        const ObjectId key = pop();
        set_items({key, value});
        return false;
      }
      case 'e':  // APPENDS
        append(pop_to_mark());
        return false;
      case 'a':  // APPEND
        append({pop()});
        return false;
      case 'R':  // REDUCE
        reduce();
        return false;
      case '\x81':  // NEWOBJ: an object of some class
        pop();
        refuse_callable(as<Global>(pop(), "class").name);
      case 'b':  // BUILD: a state_dict's `_metadata`
        pop();
        return false;
      case 'c': {  // GLOBAL
        const std::string module = line();
        push(Global{module + "." + line()});
        return false;
      }
      case 'Q':  // BINPERSID
        pop();
        push(Storage{});
        return false;
      default:
        return put(code);
    }
  }

  /// What puts a plain value, or keeps one.
  bool put(char code) {
    switch (code) {
      case 'X':  // BINUNICODE
        push(std::string(take(number(4))));
        return false;
      case 'K':  // BININT1
        push(static_cast<std::int64_t>(number(1)));
        return false;
      case 'M':  // BININT2
        push(static_cast<std::int64_t>(number(2)));
        return false;
      case 'J':  // BININT
        push(static_cast<std::int64_t>(static_cast<std::int32_t>(number(4))));
        return false;
      case '\x8a':  // LONG1
        push_long();
        return false;
      case 'G':  // BINFLOAT
        take(8);
        push(Real{});
        return false;
      case '\x88':  // NEWTRUE
      case '\x89':  // NEWFALSE
      case 'N':     // NONE
        push(Nothing{});
        return false;
      case 'q':  // BINPUT
        remember(number(1));
        return false;
      case 'r':  // LONG_BINPUT
        remember(number(4));
        return false;
      case 'h':  // BINGET
        recall(number(1));
        return false;
      case 'j':  // LONG_BINGET
        recall(number(4));
        return false;
      default:
        refuse(fmt::format("its pickle has the opcode 0x{:02x}, which no state_dict needs.",
                           static_cast<unsigned char>(code)));
    }
  }

  std::vector<NamedShape> tensors_of(const Dictionary& dictionary) const {
    std::vector<NamedShape> names;
    for (const auto& [key, value] : dictionary.items) {
      const auto* text = std::get_if<std::string>(&objects_[key]);
      const auto* tensor = std::get_if<Tensor>(&objects_[value]);
      if (text != nullptr && tensor != nullptr) names.push_back({*text, tensor->shape});
    }
    return names;
  }

  std::optional<Dictionary> member(const Dictionary& dictionary, std::string_view name) const {
    for (const auto& [key, value] : dictionary.items) {
      const auto* text = std::get_if<std::string>(&objects_[key]);
      const auto* found = std::get_if<Dictionary>(&objects_[value]);
      if (text != nullptr && *text == name && found != nullptr) return *found;
    }
    return std::nullopt;
  }

  std::vector<NamedShape> state_dict(ObjectId id) const {
    const auto& root = as<Dictionary>(id, "dict");
    std::vector<NamedShape> names = tensors_of(root);
    for (const char* name : {"state_dict", "model_state_dict", "model"}) {
      if (!names.empty()) return names;
      if (const auto found = member(root, name)) names = tensors_of(*found);
    }
    return names;
  }

  std::string_view bytes_;
  std::string_view file_;
  std::size_t offset_ = 0;
  std::vector<Object> objects_;
  std::vector<ObjectId> stack_;
  std::map<std::uint64_t, ObjectId> memo_;
};

}  // namespace

std::vector<NamedShape> names_of_pickle(std::string_view pickle, std::string_view name) {
  return Unpickler(pickle, name).run();
}

}  // namespace tensorferry::torch
