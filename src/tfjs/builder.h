#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/note.h"
#include "keras/layers/arguments.h"
#include "keras/model.h"
#include "tfjs/names.h"
#include "tfjs/network.h"

namespace tensorferry::tfjs {

/// One network while it grows.
struct NetworkBuilder {
  Names& names;
  std::set<std::string> reserved;  ///< names of its Keras layers that were kept for them
  Network network;
  io::Notes notes;  ///< of the lowerings
  /// The layers that each part of a Keras layer became; more than one where calls differ in what
  /// TF.js fixes for a layer.
  std::map<std::pair<const keras::Layer*, std::string>, std::vector<std::uint32_t>> parts;
  std::string keras_version;  ///< as the file spells it, may be empty

  void reserve(const std::string& name);
  /// The name for what a Keras layer of that name became: its own where that can be.
  std::string name_of(const std::string& keras_name);
};

/// One call of one Keras layer while it is lowered: what it is given, and where its TF.js layers
/// go.
class LayerCall {
 public:
  LayerCall(NetworkBuilder& builder, const std::vector<tensor::TensorRef>& tensors,
            keras::Generation generation, const keras::Layer& layer, std::vector<Tensor> inputs,
            std::size_t node = 0)
      : builder_(builder),
        tensors_(tensors),
        generation_(generation),
        layer_(layer),
        inputs_(std::move(inputs)),
        node_(node),
        arguments_(layer.name, layer.config) {}

  /// A call of `argument`, a layer that was given as an argument of this one; its parts are called
  /// `part` of this one's.
  LayerCall of_argument(const keras::Layer& argument, Tensor input,
                        const std::string& part = "activation");

  const keras::Layer& layer() const { return layer_; }
  /// As the config has it: which tensor is which argument, and what else the layer is told.
  /// Of a layer that another one holds: nothing.
  const keras::Call& keras_call() const {
    static const keras::Call nothing;
    return node_ < layer_.calls.size() ? layer_.calls[node_] : nothing;
  }
  keras::Generation generation() const { return generation_; }
  const std::string& keras_version() const { return builder_.keras_version; }
  const keras::Arguments& arguments() const { return arguments_; }
  const std::vector<Tensor>& inputs() const { return inputs_; }
  /// The one tensor that the layer takes.
  const Tensor& input() const;
  /// The same; throws Refusal if it has another rank.
  const Tensor& input_of_rank(std::size_t rank) const;

  /// The mask that the layer is to read, if any; one that a layer within it reads as well.
  const Mask* mask() const { return mask_.get(); }
  void takes_mask(std::shared_ptr<const Mask> mask) { mask_ = std::move(mask); }

  bool has_weight(std::string_view role) const;
  /// A variable of the Keras layer. Throws io::Error{WeightMissing}.
  const tensor::TensorRef& stored(std::string_view role) const;
  /// The variable under one of two names (Keras 2's and 3's).
  const tensor::TensorRef& stored(std::string_view role, std::string_view other) const;

  /// Calls the TF.js layer that is `part` of the Keras layer ("" is the layer that keeps its name),
  /// which is made at the first such call.
  Tensor add(std::string_view part, const std::string& class_name, Json config,
             std::vector<Tensor> inputs, std::vector<LayerWeight> weights = {});

  /// Inputs of one call, none of them twice. TF.js counts the consumers of a tensor once for such
  /// a call and takes off two, so that it frees the tensor before others have read it
  /// (tfjs-layers/src/engine/executor.ts: execute); so each repetition becomes a copy.
  std::vector<Tensor> told_apart(std::vector<Tensor> inputs);

  /// What the call returns behind the first tensor.
  void also_returns(std::vector<Tensor> tensors) { also_returned_ = std::move(tensors); }
  const std::vector<Tensor>& also_returned() const { return also_returned_; }

  /// A note of severity Info on the layer.
  void note(std::string_view code, std::string text);
  /// The same of severity Warning.
  void warn(std::string_view code, std::string text);

  /// The classes of the layers that were called, in order.
  const std::vector<std::string>& classes() const { return *classes_; }

 private:
  std::uint32_t find_or_make(const std::string& part, const std::string& class_name,
                             const Json& config, const std::vector<Tensor>& inputs,
                             std::vector<LayerWeight> weights);

  NetworkBuilder& builder_;
  const std::vector<tensor::TensorRef>& tensors_;
  keras::Generation generation_;
  const keras::Layer& layer_;
  std::vector<Tensor> inputs_;
  std::vector<Tensor> also_returned_;
  std::shared_ptr<const Mask> mask_;
  std::size_t node_;  ///< index of the call among the layer's
  keras::Arguments arguments_;
  const keras::Layer* owner_ = &layer_;  ///< whose name and parts these are
  std::string prefix_;                   ///< of the parts' names
  std::shared_ptr<std::vector<std::string>> classes_ = std::make_shared<std::vector<std::string>>();
};

}  // namespace tensorferry::tfjs
