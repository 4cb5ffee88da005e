#include <fmt/format.h>

#include <optional>

#include "keras/keras_version.h"
#include "keras/layers/layer_call.h"
#include "keras/layers/recurrent.h"
#include "keras/layers/table.h"

namespace tensorferry::keras {

using graph::Recurrent;

namespace {

constexpr std::string_view bidirectional_arguments[] = {"merge_mode", "num_constants"};
constexpr std::string_view bidirectional_keywords[] = {"initial_state"};

bool is_known_within(const Layer& layer) {
  return is_recurrent(layer) || layer.class_name == "RNN" ||
         layer.class_name.starts_with("ConvLSTM");
}

Recurrent::Merge merge_of(const Arguments& arguments) {
  if (arguments.config().contains("merge_mode") && arguments.find("merge_mode") == nullptr) {
    return Recurrent::Merge::None;
  }
  const std::string mode = arguments.text("merge_mode", "concat");
  if (mode == "concat") return Recurrent::Merge::Concatenate;
  if (mode == "sum") return Recurrent::Merge::Sum;
  if (mode == "mul") return Recurrent::Merge::Multiply;
  if (mode == "ave") return Recurrent::Merge::Average;
  arguments.mistaken("merge_mode", "\"concat\", \"sum\", \"mul\", \"ave\" or null");
}

/// Arguments of the two layers that are said of both.
struct Common {
  bool return_sequences = false;
  bool return_state = false;
};

bool flag(const Layer& layer, std::string_view name) {
  return Arguments(layer.name, layer.config).boolean(name, false);
}

/// keras/src/layers/rnn/bidirectional.py: _verify_layer_config
Common common_of(const Layer& forward, const Layer& backward) {
  for (const Layer* layer : {&forward, &backward}) {
    if (!is_known_within(*layer)) {
      throw Refusal{fmt::format("it wraps a layer of class {}", layer->class_name)};
    }
  }
  if (flag(forward, "go_backwards") == flag(backward, "go_backwards")) {
    throw Refusal{"both its layers read one way"};
  }
  for (const char* name : {"return_sequences", "return_state"}) {
    if (flag(forward, name) != flag(backward, name)) {
      throw Refusal{fmt::format("its layers differ in `{}`", name)};
    }
  }
  return {flag(forward, "return_sequences"), flag(forward, "return_state")};
}

/// Both layers as one op, if they differ in nothing but their direction.
std::optional<Recurrent> both_in_one(const LayerCall& call, const Layer& forward,
                                     const Layer& backward) {
  if (!is_recurrent(forward) || forward.class_name != backward.class_name ||
      forward.trainable != backward.trainable ||
      is_time_major(forward) != is_time_major(backward)) {
    return std::nullopt;
  }
  for (const char* name : {"dropout", "recurrent_dropout", "unroll"}) {
    if (forward.config.value(name, Json()) != backward.config.value(name, Json())) {
      return std::nullopt;
    }
  }
  for (const Layer* layer : {&forward, &backward}) {
    require_known_arguments(*layer, *find_layer_kind(layer->class_name));
  }
  Recurrent op = recurrent_of(forward, call.generation());
  Recurrent other = recurrent_of(backward, call.generation());
  other.go_backwards = op.go_backwards;
  if (!(op == other)) return std::nullopt;
  op.bidirectional = true;
  op.merge = merge_of(call.arguments());
  return op;
}

std::vector<graph::ValueId> merged(LayerCall& call, Recurrent::Merge merge, graph::ValueId a,
                                   graph::ValueId b) {
  using Kind = graph::Merge::Kind;
  switch (merge) {
    case Recurrent::Merge::Concatenate:
      return {call.add(graph::Concatenate{call.rank(a) - 1}, {a, b})};
    case Recurrent::Merge::Sum:
      return {call.add(graph::Merge{Kind::Add}, {a, b})};
    case Recurrent::Merge::Multiply:
      return {call.add(graph::Merge{Kind::Multiply}, {a, b})};
    case Recurrent::Merge::Average:
      return {call.add(graph::Merge{Kind::Average}, {a, b})};
    case Recurrent::Merge::None:
      return {a, b};
  }
  return {};
}

/// Each is a layer of its own. What the one that reads backwards makes is turned, whichever it is;
/// along the axis of the forward layer's time.
graph::ValueId lower_one_by_one(LayerCall& call, const Layer& forward, const Layer& backward,
                                const Common& common) {
  const std::vector<graph::ValueId>& given = call.inputs();
  if (given.size() % 2 == 0) {
    throw Refusal{fmt::format("it is given {} initial states", given.size() - 1)};
  }
  if (call.mask() &&
      (forward.class_name.starts_with("ConvLSTM") || backward.class_name.starts_with("ConvLSTM"))) {
    throw Refusal{"its ConvLSTM is given a mask"};
  }
  const auto half = static_cast<std::ptrdiff_t>(given.size() / 2);
  std::vector<graph::ValueId> of_forward(given.begin(), given.begin() + 1 + half);
  std::vector<graph::ValueId> of_backward{given[0]};
  of_backward.insert(of_backward.end(), given.begin() + 1 + half, given.end());
  const std::vector<graph::ValueId> one =
      call.lower_wrapped(forward, std::move(of_forward), call.mask());
  const std::vector<graph::ValueId> other =
      call.lower_wrapped(backward, std::move(of_backward), call.mask());
  graph::ValueId turned = other.at(0);
  if (common.return_sequences) turned = flipped(call, turned, is_time_major(forward) ? 0 : 1);
  const Recurrent::Merge merge = merge_of(call.arguments());
  if (call.value(one.at(0)).shape.size() != call.value(turned).shape.size()) {
    throw Refusal{"its layers give tensors of several ranks"};
  }
  std::vector<graph::ValueId> outputs = merged(call, merge, one[0], turned);
  if (common.return_sequences) call.sends_mask(call.mask_along(), outputs.size());
  outputs.insert(outputs.end(), one.begin() + 1, one.end());
  outputs.insert(outputs.end(), other.begin() + 1, other.end());
  const graph::ValueId first = outputs.front();
  outputs.erase(outputs.begin());
  call.also_returns(std::move(outputs));
  return first;
}

/// keras/src/layers/rnn/bidirectional.py
graph::ValueId lower_bidirectional(LayerCall& call) {
  const std::vector<Layer>& wrapped = call.layer().wrapped;
  if (wrapped.size() != 2) throw Refusal{"its layers are not known"};
  const Layer& forward = wrapped[0];
  const Layer& backward = wrapped[1];
  const Common common = common_of(forward, backward);
  if (call.mask() && common.return_sequences && may_repeat_masked_outputs(call.keras_version())) {
    call.note(io::Severity::Warning, "masked-outputs",
              fmt::format("At steps that its mask leaves out it makes zeros, as today's Keras does "
                          "with this file; Keras {}, which wrote it, may have repeated the last "
                          "output there.",
                          call.keras_version()));
  }
  const std::optional<Recurrent> both = both_in_one(call, forward, backward);
  if (!both) return lower_one_by_one(call, forward, backward, common);
  const Arguments arguments(call.layer().name, forward.config);
  note_recurrent_training(call, arguments);
  if (call.mask() && common.return_sequences && arguments.boolean("unroll", false)) {
    throw Refusal{"it is unrolled and makes zeros where its mask is off"};
  }
  // Whatever the layer itself says (force_zero_output_for_mask).
  const bool zero_output = common.return_sequences;
  return add_recurrent(call, *both, zero_output, is_time_major(forward),
                       {{"forward_layer/", ""}, {"backward_layer/", "backward_"}});
}

}  // namespace

const LayerKind bidirectional_kind{bidirectional_arguments, no_variables, lower_bidirectional,
                                   MaskUse::Takes, bidirectional_keywords};

}  // namespace tensorferry::keras
