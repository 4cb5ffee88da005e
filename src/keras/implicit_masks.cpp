#include "keras/implicit_masks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "keras/call_arguments.h"
#include "keras/call_order.h"
#include "keras/layers/table.h"
#include "keras/masks_along.h"

namespace tensorferry::keras {
namespace {

using Output = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;

Output output_of(const TensorHandle& handle) { return {handle.layer, handle.node, handle.tensor}; }

const Argument* find_keyword(const Call& call, std::string_view name) {
  const auto found = std::find_if(call.keywords.begin(), call.keywords.end(),
                                  [&](const auto& keyword) { return keyword.first == name; });
  return found == call.keywords.end() ? nullptr : &found->second;
}

const TensorHandle* tensor_at(const Call& call, std::size_t position) {
  return position < call.arguments.size()
             ? std::get_if<TensorHandle>(&call.arguments[position].value)
             : nullptr;
}

std::optional<double> number_at(const Call& call, std::size_t position) {
  if (position >= call.arguments.size()) return std::nullopt;
  const Json* constant = std::get_if<Json>(&call.arguments[position].value);
  if (constant == nullptr || !constant->is_number()) return std::nullopt;
  return constant->get<double>();
}

std::string name_of(const TensorHandle& handle) {
  return fmt::format("{}.{}.{}", handle.layer, handle.node, handle.tensor);
}

std::string not_equal(const TensorHandle& handle, double value) {
  return fmt::format("{} != {}", name_of(handle), value);
}

std::string any(const std::string& mask) { return "any(" + mask + ")"; }

/// Merging layers say it even of a mask and itself.
std::string either(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return "";
  return a == b ? a : fmt::format("either({}, {})", a, b);
}

/// What a Concatenate joins: the mask of a tensor, spread along its last axis, or that of all of it
/// (keras/src/layers/merging/concatenate.py: compute_mask).
std::string column(const std::string& mask) { return "column(" + mask + ")"; }
std::string zeros_like(const TensorHandle& x) { return "zeros(" + name_of(x) + ")"; }
std::string ones_like(const TensorHandle& x) { return "ones(" + name_of(x) + ")"; }
std::string joined(const std::vector<std::string>& parts, const Json& axis) {
  return fmt::format("join({}; {})", fmt::join(parts, ", "), axis.dump());
}

bool is_operation(const Layer& layer, std::string_view name) {
  return layer.class_name == name && layer.model == nullptr;
}

/// Masks as text: equal texts are equal masks.
class MaskReader {
 public:
  explicit MaskReader(Model& model) : model_(model) {}

  void run() {
    for (const CallId& id : call_order(model_)) {
      const Layer& layer = model_.layers[id.layer];
      if (id.node < layer.calls.size()) read(id);
    }
    drop_unread();
  }

 private:
  std::string text_of(const TensorHandle* handle, const std::map<Output, std::string>& from) const {
    if (handle == nullptr) return "";
    const auto found = from.find(output_of(*handle));
    return found == from.end() ? "" : found->second;
  }

  void read(const CallId& id) {
    Layer& layer = model_.layers[id.layer];
    Call& call = layer.calls[id.node];
    const Output output{id.layer, id.node, 0};
    if (layer.class_name.starts_with("ops.")) {
      const std::string mask = operation(layer, call);
      if (!mask.empty()) computed_[output] = mask;
      return;
    }
    const std::string given = given_along(layer, call);
    if (takes_each(layer) || layer.model != nullptr) take_each(call);
    if (!takes_each(layer)) take_keyword(layer, call, given);
    const std::string mask = made(layer, call, given);
    if (!mask.empty()) along_[output] = mask;
  }

  std::string operation(const Layer& layer, const Call& call) const {
    if (is_operation(layer, "ops.Concatenate")) {
      std::vector<std::string> parts;
      for (const TensorHandle& part : tensors_of(call)) {
        parts.push_back(text_of(&part, computed_));
        if (parts.back().empty()) return "";
      }
      return joined(parts, layer.config.value("axis", Json()));
    }
    const TensorHandle* x = tensor_at(call, 0);
    if (x == nullptr) return "";
    if (is_operation(layer, "ops.NotEqual")) {
      const auto value = number_at(call, 1);
      return value ? not_equal(*x, *value) : "";
    }
    if (is_operation(layer, "ops.LogicalOr")) {
      return either(text_of(x, computed_), text_of(tensor_at(call, 1), computed_));
    }
    if (is_operation(layer, "ops.Any")) {
      const std::string mask = text_of(x, computed_);
      const bool last = layer.config.value("axis", Json()) == -1 &&
                        layer.config.value("keepdims", Json(false)) == false;
      return mask.empty() || !last ? "" : any(mask);
    }
    if (is_operation(layer, "ops.ExpandDims") && layer.config.value("axis", Json()) == -1) {
      const std::string mask = text_of(x, computed_);
      return mask.empty() ? "" : column(mask);
    }
    const bool is_bool = layer.config.value("dtype", Json()) == "bool";
    if (is_operation(layer, "ops.ZerosLike") && is_bool) return zeros_like(*x);
    if (is_operation(layer, "ops.OnesLike") && is_bool) return ones_like(*x);
    return "";
  }

  /// What comes along with the tensors of a call: one mask, or none.
  std::string given_along(const Layer& layer, const Call& call) const {
    const std::vector<TensorHandle> tensors = tensors_of(call);
    if (tensors.empty()) return "";
    const LayerKind* kind = find_layer_kind(layer.class_name);
    const bool merges =
        kind != nullptr && tensors.size() > 1 && find_keyword(call, "mask") == nullptr;
    const std::string first = text_of(&tensors[0], along_);
    if (!merges || takes_each(layer)) return first;
    if (is_elementwise_merge(layer)) {
      std::string all = first;
      for (const TensorHandle& tensor : tensors) all = either(all, text_of(&tensor, along_));
      return all;
    }
    if (layer.class_name == "Concatenate") return joined_along(layer, tensors);
    const bool alike = std::all_of(tensors.begin(), tensors.end(), [&](const TensorHandle& tensor) {
      return text_of(&tensor, along_) == first;
    });
    return alike ? first : "";
  }

  std::string joined_along(const Layer& layer, const std::vector<TensorHandle>& tensors) const {
    std::vector<std::string> parts;
    bool is_masked = false;
    for (const TensorHandle& tensor : tensors) {
      const std::string mask = text_of(&tensor, along_);
      is_masked = is_masked || !mask.empty();
      parts.push_back(mask.empty() ? ones_like(tensor) : either(column(mask), zeros_like(tensor)));
    }
    return is_masked ? any(joined(parts, layer.config.value("axis", Json(-1)))) : "";
  }

  static bool takes_each(const Layer& layer) {
    const LayerKind* kind = layer.model ? nullptr : find_layer_kind(layer.class_name);
    return kind != nullptr && kind->mask == MaskUse::TakesEach;
  }

  /// Whether a mask that is given is the one that comes along with the tensor: null with none.
  bool is_along(const Argument& mask, const TensorHandle* tensor) const {
    const std::string along = text_of(tensor, along_);
    if (const auto* handle = std::get_if<TensorHandle>(&mask.value)) {
      return !along.empty() && text_of(handle, computed_) == along;
    }
    const Json* constant = std::get_if<Json>(&mask.value);
    return constant != nullptr && constant->is_null() && along.empty();
  }

  /// Attention and a model have a list of masks for their list of tensors, MultiHeadAttention one
  /// by name for each.
  void take_each(Call& call) {
    const std::vector<TensorHandle> tensors = tensors_of(call);
    std::erase_if(call.keywords, [&](const auto& keyword) {
      const std::string& name = keyword.first;
      const Argument& argument = keyword.second;
      if (name == "mask") {
        const auto* masks = std::get_if<std::vector<Argument>>(&argument.value);
        if (masks == nullptr || masks->size() > tensors.size()) return false;
        for (std::size_t i = 0; i < masks->size(); ++i) {
          if (!is_along((*masks)[i], &tensors[i])) return false;
        }
        return true;
      }
      constexpr std::array<std::string_view, 3> roles = {"query", "value", "key"};
      for (std::size_t i = 0; i < roles.size(); ++i) {
        if (name != std::string(roles.at(i)) + "_mask") continue;
        const auto index = tensor_argument(call, i, roles.at(i));
        return is_along(argument, index ? &tensors.at(*index) : nullptr);
      }
      return false;
    });
  }

  void take_keyword(const Layer& layer, Call& call, const std::string& along) {
    const auto keyword = std::find_if(call.keywords.begin(), call.keywords.end(),
                                      [](const auto& entry) { return entry.first == "mask"; });
    if (keyword == call.keywords.end()) return;
    if (const auto* handle = std::get_if<TensorHandle>(&keyword->second.value)) {
      if (!along.empty() && text_of(handle, computed_) == along) call.keywords.erase(keyword);
    } else if (!along.empty() && uses_mask(layer)) {
      keyword->second = Argument{Json("none")};
    }
  }

  static bool uses_mask(const Layer& layer) {
    const LayerKind* kind = find_layer_kind(layer.class_name);
    return kind != nullptr && kind->mask == MaskUse::Consumes;
  }

  /// The mask that the layer sends along with its first output.
  std::string made(const Layer& layer, const Call& call, const std::string& along) const {
    const TensorHandle* x = tensor_at(call, 0);
    if (x == nullptr) return along;
    if (layer.class_name == "Embedding") {
      return layer.config.value("mask_zero", false) ? not_equal(*x, 0) : "";
    }
    if (layer.class_name == "Masking") {
      return any(not_equal(*x, layer.config.value("mask_value", 0.0)));
    }
    const LayerKind* kind = find_layer_kind(layer.class_name);
    if (kind == nullptr || layer.model != nullptr) return "";
    const bool passes = passes_mask(*kind, Generation::Keras3) ||
                        layer.class_name == "TimeDistributed" || kind->mask == MaskUse::TakesEach ||
                        passes_sequence(layer);
    return passes ? along : "";
  }

  static bool passes_sequence(const Layer& layer) {
    const Json& config = layer.class_name == "Bidirectional" && !layer.wrapped.empty()
                             ? layer.wrapped.front().config
                             : layer.config;
    return config.value("return_sequences", false);
  }

  /// Operations that made masks which are implicit now.
  void drop_unread() {
    for (bool dropped = true; dropped;) {
      std::set<Output> read;
      for (const ModelOutput& output : model_.outputs) read.insert(output_of(output.tensor));
      for (const Layer& layer : model_.layers) {
        for (const Call& call : layer.calls) {
          for (const TensorHandle& handle : tensors_of(call)) read.insert(output_of(handle));
        }
      }
      dropped = false;
      for (const auto& [output, mask] : computed_) {
        Layer& layer = model_.layers[std::get<0>(output)];
        if (layer.calls.size() == 1 && read.count(output) == 0) {
          layer.calls.clear();
          dropped = true;
        }
      }
    }
  }

  Model& model_;
  std::map<Output, std::string> along_;     ///< masks that come along with tensors
  std::map<Output, std::string> computed_;  ///< masks that are outputs of operations
};

}  // namespace

void make_masks_implicit(Model& model) { MaskReader(model).run(); }

}  // namespace tensorferry::keras
