#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "io/note.h"
#include "tensor/transform.h"

namespace tensorferry::keras {

using Json = nlohmann::ordered_json;

/// Which Keras wrote the file. It decides the meaning of some defaults (`hard_sigmoid`).
enum class Generation { Keras1, Keras2, Keras3 };

/// Extents with the batch first; `unknown` where Keras says None.
using Shape = std::vector<std::int64_t>;
inline constexpr std::int64_t unknown = -1;

/// Output `tensor` of call `node` of a layer of the same model. Node indices count from 0 for the
/// first call that belongs to this model, in every generation (the reader has subtracted Keras 2's
/// offsets).
struct TensorHandle {
  std::uint32_t layer = 0;  ///< index into `Model::layers`
  std::uint32_t node = 0;
  std::uint32_t tensor = 0;

  bool operator==(const TensorHandle&) const = default;
};

/// An argument of a call: a tensor, a list of arguments (`Add` takes one list), or a constant.
struct Argument {
  std::variant<TensorHandle, std::vector<Argument>, Json> value;
};

/// One call of a layer.
struct Call {
  std::vector<Argument> arguments;
  std::vector<std::pair<std::string, Argument>> keywords;
};

/// All tensors of a call, arguments first, then keywords, lists opened, in order.
std::vector<TensorHandle> tensors_of(const Call& call);

/// A weight bound to its variable. `role` is Keras's own name of the variable in its layer
/// ("kernel", "bias", "gamma", "depthwise_kernel", "moving_mean"), whatever the file called it.
struct Weight {
  std::string role;
  std::uint32_t tensor = 0;  ///< index into `Model::tensors` of the root
};

struct Model;

/// One Keras layer object.
struct Layer {
  std::string
      class_name;  ///< today's public name without a package: "Conv2D", "BatchNormalization"
  std::string original_class_name;  ///< as the file spells it
  std::string name;
  Json config;                    ///< of this layer, Keras 2's and 3's argument names and values
  std::string dtype = "float32";  ///< variable dtype, from any spelling of the dtype policy
  std::string compute_dtype = "float32";
  bool trainable = true;  ///< false if it, or a model around it, is frozen
  std::vector<Call> calls;
  std::vector<Weight> weights;
  std::shared_ptr<Model> model;  ///< of a nested Sequential or Functional, else null
  std::vector<Layer> wrapped;    ///< of a wrapper: the layers that it holds, which are not called
  bool is_numbered = false;      ///< the file does not say its name: `name` is made up
  std::string attribute;         ///< of a wrapped layer: what its wrapper calls it
  std::string stored_at;         ///< its path in a `.weights.h5` and among an archive's assets
};

enum class ModelKind {
  Sequential,
  Functional,
  WeightsOnly,  ///< no architecture: `layers` holds names and weights only, roles as the file
                ///< spells
};

struct ModelOutput {
  TensorHandle tensor;
  std::string name;  ///< key of a dict of outputs, else the layer's name
};

/// One Keras model, in one dialect, whatever Keras wrote (a Sequential has explicit calls as well,
/// and an InputLayer where the shape is known). Layers are in config order.
struct Model {
  ModelKind kind = ModelKind::Functional;
  Generation generation = Generation::Keras3;
  std::string keras_version;  ///< as the file spells it, may be empty
  std::string backend;
  std::string name;
  std::vector<Layer> layers;
  std::vector<ModelOutput> inputs;
  std::vector<ModelOutput> outputs;

  // Of the root only:
  std::string container;  ///< "h5", "weights.h5", "keras"
  std::vector<tensor::TensorRef> tensors;
  std::optional<Json> training_config;
  std::vector<tensor::TensorRef> optimizer_variables;  ///< in the file's order
  std::vector<std::uint32_t> unbound;  ///< tensors of the file that belong to no layer
  io::Notes notes;
  /// What has to be made of the file's bytes before `tensors` can be read: a deflated member of an
  /// archive, a kernel of another layout. In `tensors`, the output of computation k is the file
  /// that follows the dropped ones and k; a computation may read earlier ones.
  std::vector<tensor::Computation> made;
};

}  // namespace tensorferry::keras
