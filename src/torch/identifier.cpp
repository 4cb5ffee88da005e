#include "torch/identifier.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "torch/utf8.h"

namespace tensorferry::torch {

namespace {

struct AsciiRun {
  std::uint32_t first;
  std::uint32_t count;
  char text;  // of the first; the others follow it
};
struct AsciiText {
  std::uint32_t code;
  const char* text;
};
struct MarkedLetters {
  std::uint32_t mark;
  const char* letters;
};

#include "torch/nfkc_table.inc"

constexpr std::string_view keywords[] = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield",
};

// dir(nn.Module()) and dir(nn.Sequential()) of torch 1.13 and 2.15, but for names that begin with
// "__", which no identifier of ours does.
constexpr std::string_view module_names[] = {
    "T_destination",
    "_apply",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_buffers",
    "_call_impl",
    "_compiled_call_impl",
    "_forward_hooks",
    "_forward_hooks_always_called",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_get_backward_hooks",
    "_get_backward_pre_hooks",
    "_get_item_by_idx",
    "_get_name",
    "_is_full_backward_hook",
    "_load_from_state_dict",
    "_load_state_dict_post_hooks",
    "_load_state_dict_pre_hooks",
    "_maybe_warn_non_full_backward_hook",
    "_modules",
    "_named_members",
    "_non_persistent_buffers_set",
    "_parameters",
    "_register_load_state_dict_pre_hook",
    "_register_state_dict_hook",
    "_replicate_for_data_parallel",
    "_save_to_state_dict",
    "_slow_forward",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_version",
    "_wrapped_call_impl",
    "add_module",
    "append",
    "apply",
    "bfloat16",
    "buffers",
    "call_super_init",
    "children",
    "compile",
    "cpu",
    "cuda",
    "double",
    "dump_patches",
    "eval",
    "extend",
    "extra_repr",
    "float",
    "forward",
    "get_buffer",
    "get_extra_state",
    "get_parameter",
    "get_submodule",
    "half",
    "insert",
    "ipu",
    "load_state_dict",
    "modules",
    "mtia",
    "named_buffers",
    "named_children",
    "named_modules",
    "named_parameters",
    "parameters",
    "pop",
    "register_backward_hook",
    "register_buffer",
    "register_forward_hook",
    "register_forward_pre_hook",
    "register_full_backward_hook",
    "register_full_backward_pre_hook",
    "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook",
    "register_module",
    "register_parameter",
    "register_state_dict_post_hook",
    "register_state_dict_pre_hook",
    "requires_grad_",
    "set_extra_state",
    "set_submodule",
    "share_memory",
    "state_dict",
    "to",
    "to_empty",
    "train",
    "training",
    "type",
    "xpu",
    "zero_grad",
};

bool is_word(char32_t point) {
  return (point >= U'a' && point <= U'z') || (point >= U'A' && point <= U'Z') ||
         (point >= U'0' && point <= U'9') || point == U'_';
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class Entries>
bool contains(const Entries& entries, std::string_view name) {
  return std::find(std::begin(entries), std::end(entries), name) != std::end(entries);
}

// A letter and a mark that NFKC makes one character, which is no ASCII letter.
bool composes(char letter, char32_t mark) {
  for (const MarkedLetters& entry : marked_letters) {
    if (entry.mark == static_cast<std::uint32_t>(mark)) {
      return std::string_view(entry.letters).find(letter) != std::string_view::npos;
    }
  }
  return false;
}

std::string compatible_text(char32_t point) {
  const auto code = static_cast<std::uint32_t>(point);
  for (const AsciiRun& run : ascii_runs) {
    if (code >= run.first && code < run.first + run.count) {
      return std::string(1, static_cast<char>(run.text + (code - run.first)));
    }
  }
  for (const AsciiText& entry : ascii_texts) {
    if (entry.code == code) return entry.text;
  }
  return "_";
}

std::string ascii_words(std::string_view name) {
  std::string result;
  for (const char32_t point : code_points(name)) {
    if (is_word(point)) {
      result += static_cast<char>(point);
    } else if (!result.empty() && composes(result.back(), point)) {
      result.back() = '_';
    } else {
      result += compatible_text(point);
    }
  }
  return result;
}

}  // namespace

std::string checked_identifier(std::string_view name) {
  std::string result = ascii_words(name);
  if (result.empty() || is_digit(result.front()) || result.starts_with("__")) {
    result = "layer_" + result;
  }
  if (contains(keywords, result) || contains(module_names, result)) result += '_';
  return result;
}

std::string Scope::identifier(std::string_view name) {
  const std::string wanted = checked_identifier(name);
  std::string result = wanted;
  for (int number = 2; !taken_.insert(result).second; ++number) {
    // A number may make a name that Python would mangle: "_" and its second, "__2".
    result = checked_identifier(wanted + "_" + std::to_string(number));
  }
  return result;
}

namespace {

// How architectures of keras.applications write their names.
constexpr std::pair<std::string_view, std::string_view> known_words[] = {
    {"convnext", "ConvNeXt"},   {"densenet", "DenseNet"}, {"efficientnet", "EfficientNet"},
    {"mobilenet", "MobileNet"}, {"nasnet", "NASNet"},     {"regnet", "RegNet"},
    {"resnet", "ResNet"},       {"vgg", "VGG"},
};

std::string capitalized(std::string word) {
  if (!word.empty() && word[0] >= 'a' && word[0] <= 'z')
    word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

std::string class_word(const std::string& word) {
  for (const auto& [known, written] : known_words) {
    if (word.starts_with(known)) {
      return std::string(written) + capitalized(word.substr(known.size()));
    }
  }
  return capitalized(word);
}

}  // namespace

std::string class_identifier(std::string_view name) {
  std::string result;
  std::string word;
  for (const char c : ascii_words(name) + "_") {
    if (c != '_') {
      word += c;
      continue;
    }
    // 1_00 stays apart.
    if (!result.empty() && !word.empty() && is_digit(result.back()) && is_digit(word.front())) {
      result += '_';
    }
    result += class_word(word);
    word.clear();
  }
  if (result.empty() || is_digit(result.front())) result = "Model" + result;
  return checked_identifier(result);
}

}  // namespace tensorferry::torch
