#include "keras/implicit_masks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "keras/call_order.h"
#include "keras/layers/table.h"

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

std::string not_equal(const TensorHandle& handle, double value) {
  return fmt::format("{}.{}.{} != {}", handle.layer, handle.node, handle.tensor, value);
}

std::string any(const std::string& mask) { return "any(" + mask + ")"; }

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
    take_keyword(layer, call, given);
    const std::string mask = made(layer, call, given);
    if (!mask.empty()) along_[output] = mask;
  }

  std::string operation(const Layer& layer, const Call& call) const {
    const TensorHandle* x = tensor_at(call, 0);
    if (x == nullptr) return "";
    if (is_operation(layer, "ops.NotEqual")) {
      const auto value = number_at(call, 1);
      return value ? not_equal(*x, *value) : "";
    }
    if (is_operation(layer, "ops.Any")) {
      const std::string mask = text_of(x, computed_);
      const bool last = layer.config.value("axis", Json()) == -1 &&
                        layer.config.value("keepdims", Json(false)) == false;
      return mask.empty() || !last ? "" : any(mask);
    }
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
    if (!merges) return first;
    const bool alike = std::all_of(tensors.begin(), tensors.end(), [&](const TensorHandle& tensor) {
      return text_of(&tensor, along_) == first;
    });
    return alike ? first : "";
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
    const bool passes = kind->mask == MaskUse::Passes || passes_sequence(layer);
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
