#include "keras/wiring.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "io/error.h"
#include "keras/call_json.h"

namespace tensorferry::keras {
namespace {

[[noreturn]] void invalid_wiring(const std::string& sentence) {
  throw io::Error(io::ErrorCode::ConfigInvalid, sentence);
}

bool is_input(const Layer& layer) { return layer.class_name == "InputLayer"; }

/// Follows the graph from the outputs back to the inputs.
class Wiring {
 public:
  Wiring(Model& model, const WrittenGraph& written);
  void run();

 private:
  enum class State { Unseen, Open, Done };
  struct Frame {
    std::uint32_t layer = 0;
    std::uint32_t node = 0;
    std::vector<TensorHandle> inputs;
    std::size_t next = 0;
  };

  std::size_t call_count(std::uint32_t layer) const;
  /// For each nested model that is referred to: the least and the greatest index of its calls.
  using References = std::map<std::uint32_t, std::pair<std::int64_t, std::int64_t>>;
  /// The index that the config gives the first call of each layer.
  using FirstNodes = std::vector<std::int64_t>;

  void find_first_nodes();
  void note_references(const Json& value, References& references) const;
  FirstNodes first_nodes(const References& references, bool of_outputs) const;
  TensorHandle resolve(const WrittenTensor& tensor, const FirstNodes& first_nodes,
                       const std::string& user) const;
  std::vector<ModelOutput> ports(const Json& written, const std::string& what) const;
  void follow(const TensorHandle& output);
  void open(std::uint32_t layer, std::uint32_t node);
  [[noreturn]] void report_cycle(const TensorHandle& again) const;
  void renumber();

  Model& model_;
  const WrittenGraph& written_;
  std::unordered_map<std::string, std::uint32_t> index_;
  FirstNodes first_in_calls_;    ///< as `inbound_nodes` counts
  FirstNodes first_in_outputs_;  ///< as `output_layers` counts
  std::vector<std::vector<State>> states_;
  std::vector<std::vector<Call>> calls_;
  std::vector<Frame> frames_;
};

Wiring::Wiring(Model& model, const WrittenGraph& written) : model_(model), written_(written) {
  const std::size_t count = model.layers.size();
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!index_.emplace(model.layers[i].name, i).second) {
      invalid_wiring(fmt::format("The model `{}` has two layers called `{}`.", model.name,
                                 model.layers[i].name));
    }
  }
  states_.resize(count);
  calls_.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    states_[i].resize(call_count(i), State::Unseen);
    calls_[i].resize(call_count(i));
  }
  find_first_nodes();
}

// A layer without inbound nodes (an input; a custom layer without tensors) is called once.
std::size_t Wiring::call_count(std::uint32_t layer) const {
  return std::max<std::size_t>(written_.inbound_nodes[layer].size(), 1);
}

void Wiring::note_references(const Json& value, References& references) const {
  if (const auto tensor = written_tensor(value)) {
    const auto found = index_.find(tensor->layer);
    if (found != index_.end() && model_.layers[found->second].model) {
      const auto [entry, fresh] = references.try_emplace(found->second, tensor->node, tensor->node);
      entry->second.first = std::min(entry->second.first, tensor->node);
      entry->second.second = std::max(entry->second.second, tensor->node);
    }
  }
  if (!value.is_structured()) return;
  for (const Json& item : value) note_references(item, references);
}

// Keras 2 counts a nested model's own construction as its call 0, unless it is a Sequential that
// was built late (tf_keras/src/engine/functional.py: _should_skip_first_node). Keras 3 does so in
// `output_layers` alone, and of a Functional alone (keras/src/models/functional.py: get_config
// against serialize_node).
void Wiring::find_first_nodes() {
  References in_calls;
  References in_outputs;
  for (const Json& nodes : written_.inbound_nodes) note_references(nodes, in_calls);
  if (model_.generation == Generation::Keras3) {
    note_references(written_.output_layers, in_outputs);
    first_in_calls_ = first_nodes(in_calls, false);
    first_in_outputs_ = first_nodes(in_outputs, true);
  } else {
    note_references(written_.output_layers, in_calls);
    first_in_calls_ = first_nodes(in_calls, false);
    first_in_outputs_ = first_in_calls_;
  }
}

// Where the references of the config contradict what that Keras writes, they are right.
Wiring::FirstNodes Wiring::first_nodes(const References& references, bool of_outputs) const {
  FirstNodes result(model_.layers.size(), 0);
  for (const auto& [layer, range] : references) {
    const auto count = static_cast<std::int64_t>(call_count(layer));
    const auto fits = [&, range = range](std::int64_t first) {
      return range.first >= first && range.second < first + count;
    };
    const bool keras3 = model_.generation == Generation::Keras3;
    const bool functional = model_.layers[layer].model->kind == ModelKind::Functional;
    const std::int64_t usual = keras3 && !(of_outputs && functional) ? 0 : 1;
    result[layer] = fits(usual) || !fits(1 - usual) ? usual : 1 - usual;
  }
  return result;
}

TensorHandle Wiring::resolve(const WrittenTensor& tensor, const FirstNodes& first_nodes,
                             const std::string& user) const {
  const auto found = index_.find(tensor.layer);
  if (found == index_.end()) {
    invalid_wiring(
        fmt::format("{} takes an output of the layer `{}`, which the model `{}` does not have.",
                    user, tensor.layer, model_.name));
  }
  const std::uint32_t layer = found->second;
  const std::int64_t node = tensor.node - first_nodes[layer];
  if (node < 0 || node >= static_cast<std::int64_t>(call_count(layer))) {
    invalid_wiring(
        fmt::format("{} takes an output of call {} of the layer `{}`, which is called {} times.",
                    user, node, tensor.layer, call_count(layer)));
  }
  const Layer& source = model_.layers[layer];
  const auto outputs =
      static_cast<std::int64_t>(source.model ? source.model->outputs.size() : 1u << 16);
  if (tensor.tensor < 0 || tensor.tensor >= outputs) {
    invalid_wiring(fmt::format("{} takes output {} of the layer `{}`, which it does not have.",
                               user, tensor.tensor, tensor.layer));
  }
  return {layer, static_cast<std::uint32_t>(node), static_cast<std::uint32_t>(tensor.tensor)};
}

// A list of tensors, one tensor, or a dict, which Keras flattens in the order of its sorted keys.
std::vector<ModelOutput> Wiring::ports(const Json& written, const std::string& what) const {
  const std::string user = fmt::format("`{}` of the model `{}`", what, model_.name);
  std::vector<ModelOutput> result;
  if (const auto tensor = written_tensor(written)) {
    result.push_back({resolve(*tensor, first_in_outputs_, user), tensor->layer});
  } else if (written.is_array()) {
    for (const Json& item : written) {
      for (ModelOutput& port : ports(item, what)) result.push_back(std::move(port));
    }
  } else if (written.is_object()) {
    std::map<std::string, std::vector<ModelOutput>> sorted;
    for (const auto& [key, item] : written.items()) sorted[key] = ports(item, what);
    for (auto& [key, items] : sorted) {
      if (items.size() == 1) items.front().name = key;
      for (ModelOutput& port : items) result.push_back(std::move(port));
    }
  } else {
    invalid_wiring(fmt::format("{} is expected to be a list of [layer, call, tensor].", user));
  }
  return result;
}

void Wiring::report_cycle(const TensorHandle& again) const {
  std::string path = fmt::format("`{}`", model_.layers[again.layer].name);
  for (std::size_t i = frames_.size(); i-- > 0;) {
    path += fmt::format(" ← `{}`", model_.layers[frames_[i].layer].name);
    if (frames_[i].layer == again.layer && frames_[i].node == again.node) break;
  }
  throw io::Error(io::ErrorCode::GraphCycle,
                  fmt::format("The graph of the model `{}` has a cycle: {}.", model_.name, path));
}

void Wiring::open(std::uint32_t layer, std::uint32_t node) {
  states_[layer][node] = State::Open;
  const Json& nodes = written_.inbound_nodes[layer];
  if (is_input(model_.layers[layer])) {
    invalid_wiring(
        fmt::format("The outputs of the model `{}` need the InputLayer `{}`, which "
                    "`input_layers` does not name.",
                    model_.name, model_.layers[layer].name));
  }
  Call call;
  if (!nodes.empty()) {
    const Layer& called = model_.layers[layer];
    CallContext context;
    context.resolve = [&](const WrittenTensor& tensor) {
      return resolve(tensor, first_in_calls_, fmt::format("The layer `{}`", called.name));
    };
    context.is_layer = [&](const std::string& name) { return index_.count(name) > 0; };
    if (called.model) {
      for (const ModelOutput& input : called.model->inputs) {
        context.input_names.push_back(input.name);
      }
    }
    call = read_call(nodes[node], context);
  }
  frames_.push_back({layer, node, tensors_of(call), 0});
  calls_[layer][node] = std::move(call);
}

// Depth first, with a stack of our own: a hostile chain is as long as its file.
void Wiring::follow(const TensorHandle& output) {
  if (states_[output.layer][output.node] == State::Done) return;
  open(output.layer, output.node);
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    if (frame.next == frame.inputs.size()) {
      states_[frame.layer][frame.node] = State::Done;
      frames_.pop_back();
      continue;
    }
    const TensorHandle input = frame.inputs[frame.next++];
    const State state = states_[input.layer][input.node];
    if (state == State::Open) report_cycle(input);
    if (state == State::Unseen) open(input.layer, input.node);
  }
}

void renumber_argument(Argument& argument, const std::vector<std::vector<std::uint32_t>>& numbers) {
  if (auto* tensor = std::get_if<TensorHandle>(&argument.value)) {
    tensor->node = numbers[tensor->layer][tensor->node];
  } else if (auto* list = std::get_if<std::vector<Argument>>(&argument.value)) {
    for (Argument& item : *list) renumber_argument(item, numbers);
  }
}

// Calls that were not reached are dropped, and the rest count from 0 again.
void Wiring::renumber() {
  std::vector<std::vector<std::uint32_t>> numbers(calls_.size());
  for (std::size_t layer = 0; layer < calls_.size(); ++layer) {
    for (std::size_t node = 0; node < calls_[layer].size(); ++node) {
      numbers[layer].push_back(static_cast<std::uint32_t>(model_.layers[layer].calls.size()));
      if (states_[layer][node] != State::Done) continue;
      model_.layers[layer].calls.push_back(std::move(calls_[layer][node]));
    }
  }
  for (Layer& layer : model_.layers) {
    for (Call& call : layer.calls) {
      for (Argument& argument : call.arguments) renumber_argument(argument, numbers);
      for (auto& [name, argument] : call.keywords) renumber_argument(argument, numbers);
    }
  }
  for (ModelOutput& output : model_.outputs) {
    output.tensor.node = numbers[output.tensor.layer][output.tensor.node];
  }
}

void Wiring::run() {
  model_.inputs = ports(written_.input_layers, "input_layers");
  model_.outputs = ports(written_.output_layers, "output_layers");
  if (model_.outputs.empty())
    invalid_wiring(fmt::format("The model `{}` has no outputs.", model_.name));
  for (const ModelOutput& input : model_.inputs) {
    const Layer& layer = model_.layers[input.tensor.layer];
    if (!is_input(layer)) {
      invalid_wiring(
          fmt::format("`input_layers` of the model `{}` names `{}`, which is a {} and no "
                      "InputLayer.",
                      model_.name, layer.name, layer.class_name));
    }
    states_[input.tensor.layer][input.tensor.node] = State::Done;
  }
  for (const ModelOutput& output : model_.outputs) follow(output.tensor);
  renumber();
}

}  // namespace

void wire_functional(Model& model, const WrittenGraph& written) { Wiring(model, written).run(); }

void wire_sequential(Model& model) {
  for (std::uint32_t i = 0; i < model.layers.size(); ++i) {
    Call call;
    if (i > 0) call.arguments.push_back({TensorHandle{i - 1, 0, 0}});
    model.layers[i].calls.push_back(std::move(call));
  }
  const auto last = static_cast<std::uint32_t>(model.layers.size() - 1);
  model.inputs = {{TensorHandle{0, 0, 0}, model.layers.front().name}};
  model.outputs = {{TensorHandle{last, 0, 0}, model.layers.back().name}};
}

}  // namespace tensorferry::keras
