#include "tfjs/loose_masks.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>

namespace tensorferry::tfjs {
namespace {

/// No vector has nothing but these: the least float32 of all.
constexpr double never = -3.4028234663852886e38;

constexpr const char* other_mask = "TF.js would call it with the mask of another layer.";

bool reads_mask(const std::string& class_name) {
  return class_name == "LSTM" || class_name == "GRU" || class_name == "SimpleRNN" ||
         class_name == "Bidirectional";
}

using Visit = std::function<void(Network&)>;

void for_each_network(Network& network, const Visit& visit) {
  visit(network);
  for (const NetworkLayer& layer : network.layers) {
    if (layer.network != nullptr) for_each_network(*layer.network, visit);
  }
}

bool has_masking(Network& network) {
  bool found = false;
  for_each_network(network, [&](Network& one) {
    found = found || std::any_of(one.layers.begin(), one.layers.end(),
                                 [](const NetworkLayer& it) { return it.class_name == "Masking"; });
  });
  return found;
}

/// The layer in a TimeDistributed that holds no network.
std::string single_class(const NetworkLayer& layer) {
  const bool holds = layer.class_name == "TimeDistributed" && layer.network == nullptr;
  return holds ? layer.config.at("layer").at("class_name").get<std::string>() : "";
}

void refuse(io::Notes& refused, const NetworkLayer& layer, const char* reason) {
  refused.push_back(
      {io::Severity::Refused, layer.name, "layer-unsupported", layer.class_name + ": " + reason});
}

void refuse_reader_within(const NetworkLayer& layer, io::Notes& refused) {
  const std::string inner = single_class(layer);
  if (layer.class_name == "ConvLSTM2D" || reads_mask(inner) || inner == "Softmax" ||
      inner == "ConvLSTM2D") {
    refuse(refused, layer, other_mask);
  }
}

void make_plain_softmax(NetworkLayer& layer, io::Notes& refused) {
  const Json axis = layer.config.value("axis", Json(-1));
  const std::size_t rank = layer.calls.front().front().shape.size();
  if (axis != -1 && axis != rank - 1) {
    refuse(refused, layer, other_mask);
  }
  layer.class_name = "Activation";
  layer.config = {{"activation", "softmax"}};
}

/// All that reads an output of one call, from now on behind a Reshape, which ends its mask.
void end_mask(Network& network, std::uint32_t layer, std::uint32_t node, Names& names) {
  std::map<std::uint32_t, Tensor> ended;  // by output
  const auto end = [&](Tensor& input) {
    if (input.layer != layer || input.node != node) return;
    const auto [at, is_new] = ended.emplace(input.tensor, input);
    if (is_new) {
      at->second.layer = static_cast<std::uint32_t>(network.layers.size() + ended.size() - 1);
      at->second.node = at->second.tensor = 0;
    }
    input = at->second;
  };
  for (NetworkLayer& reader : network.layers) {
    for (std::vector<Tensor>& call : reader.calls) std::for_each(call.begin(), call.end(), end);
  }
  std::for_each(network.outputs.begin(), network.outputs.end(), end);
  std::vector<NetworkLayer> added(ended.size());
  for (const auto& [output, tensor] : ended) {
    NetworkLayer& reshape = added[tensor.layer - network.layers.size()];
    Tensor source = tensor;
    source.layer = layer;
    source.node = node;
    source.tensor = output;
    reshape.class_name = "Reshape";
    reshape.name = names.unique(network.layers[layer].name + "_unmasked");
    reshape.config = {{"target_shape", Shape(tensor.shape.begin() + 1, tensor.shape.end())}};
    reshape.calls = {{source}};
  }
  std::move(added.begin(), added.end(), std::back_inserter(network.layers));
}

bool gives_sequences(const NetworkLayer& layer) {
  const Json& config =
      layer.class_name == "Bidirectional" ? layer.config.at("layer").at("config") : layer.config;
  return config.at("return_sequences").get<bool>();
}

void give_open_mask(Network& network, std::size_t reader, Names& names) {
  for (std::size_t call = 0; call < network.layers[reader].calls.size(); ++call) {
    const Tensor x = network.layers[reader].calls[call].front();
    if (network.layers[x.layer].class_name == "Masking") continue;
    NetworkLayer masking;
    masking.class_name = "Masking";
    masking.name = names.unique(network.layers[reader].name + "_no_mask");
    masking.config = {{"mask_value", never}};
    masking.calls = {{x}};
    Tensor open = x;
    open.layer = static_cast<std::uint32_t>(network.layers.size());
    open.node = open.tensor = 0;
    network.layers.push_back(std::move(masking));
    network.layers[reader].calls[call].front() = open;
    if (gives_sequences(network.layers[reader])) {
      end_mask(network, static_cast<std::uint32_t>(reader), static_cast<std::uint32_t>(call),
               names);
    }
  }
}

void give_own_masks(Network& network, Names& names, io::Notes& refused) {
  const std::size_t count = network.layers.size();
  for (std::size_t i = 0; i < count; ++i) {
    refuse_reader_within(network.layers[i], refused);
    if (network.layers[i].class_name == "Softmax") make_plain_softmax(network.layers[i], refused);
    if (reads_mask(network.layers[i].class_name)) give_open_mask(network, i, names);
  }
}

void gather_behind(const Network& network, std::uint32_t layer, std::set<std::uint32_t>& behind) {
  if (!behind.insert(layer).second) return;
  for (const std::vector<Tensor>& call : network.layers[layer].calls) {
    for (const Tensor& input : call) gather_behind(network, input.layer, behind);
  }
}

/// TF.js calls a layer again for each of its outputs that somebody takes.
std::size_t count_taken_outputs(const Network& network, std::uint32_t layer) {
  std::set<std::uint32_t> taken;
  const auto take = [&](const Tensor& tensor) {
    if (tensor.layer == layer) taken.insert(tensor.tensor);
  };
  for (const NetworkLayer& reader : network.layers) {
    for (const std::vector<Tensor>& call : reader.calls) {
      std::for_each(call.begin(), call.end(), take);
    }
  }
  std::for_each(network.outputs.begin(), network.outputs.end(), take);
  return taken.size();
}

/// A layer that is given initial states must be the last of the recurrent ones, and called once.
void refuse_states_in_between(Network& network, io::Notes& refused) {
  std::size_t calls = 0;
  std::size_t with_states = 0;
  for_each_network(network, [&](Network& one) {
    for (const NetworkLayer& layer : one.layers) {
      if (!reads_mask(layer.class_name)) continue;
      calls += layer.calls.size();
      with_states += static_cast<std::size_t>(
          std::count_if(layer.calls.begin(), layer.calls.end(),
                        [](const std::vector<Tensor>& call) { return call.size() > 1; }));
    }
  });
  if (with_states == 0) return;
  std::size_t before = 0;
  std::size_t last = 0;
  bool called_again = false;
  for (std::uint32_t i = 0; i < network.layers.size(); ++i) {
    const NetworkLayer& layer = network.layers[i];
    if (!reads_mask(layer.class_name) || layer.calls[0].size() == 1) continue;
    last = i;
    called_again = called_again || count_taken_outputs(network, i) > 1;
    std::set<std::uint32_t> behind;
    gather_behind(network, i, behind);
    for (const std::uint32_t other : behind) {
      if (reads_mask(network.layers[other].class_name)) {
        before += network.layers[other].calls.size();
      }
    }
  }
  if (with_states != 1 || before != calls || called_again) {
    refuse(
        refused, network.layers[last],
        "Where there are masks, and in nested models, TF.js hands its initial states to the layers "
        "that it calls next as well, and calls it again for each of its outputs.");
  }
}

}  // namespace

void keep_masks_apart(Network& network, Names& names, io::Notes& refused) {
  if (!has_masking(network)) {
    for (const NetworkLayer& layer : network.layers) {
      if (layer.network != nullptr) refuse_states_in_between(*layer.network, refused);
    }
    return;
  }
  refuse_states_in_between(network, refused);
  for_each_network(network, [&](Network& one) { give_own_masks(one, names, refused); });
}

}  // namespace tensorferry::tfjs
