#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keras/model.h"
#include "tensor/transform.h"

/// The model as TF.js will see it: layers of classes that TF.js has, with arguments that it
/// honours.
namespace tensorferry::tfjs {

using keras::Json;
using keras::Shape;
using keras::unknown;

struct Mask;

/// A symbolic tensor: output `tensor` of call `node` (from 0) of a layer of the same network.
struct Tensor {
  std::uint32_t layer = 0;
  std::uint32_t node = 0;
  std::uint32_t tensor = 0;
  Shape shape;          ///< batch first, `unknown` where it depends on the input
  bool masked = false;  ///< Keras would hand a mask along with it
  std::shared_ptr<const Mask> mask = nullptr;  ///< that one, where it is known
};

/// A tensor behind a refused layer has no shape at all.
inline bool is_lost(const Tensor& tensor) { return tensor.shape.empty(); }

/// Where one holds, as Keras knows it of a Masking, an Embedding, or several of these.
struct Mask {
  enum class Parts { All, Any, Joined };
  Tensor source;                                ///< vectors, or indices
  double value = 0;                             ///< on where not all elements of a vector are it
  std::optional<std::int64_t> rows;             ///< of an Embedding: on where the index is not 0
  std::vector<std::shared_ptr<const Mask>> of;  ///< it is made of these
  Parts parts = Parts::All;  ///< on where all of them are, or any is; one behind the other in time
  mutable std::shared_ptr<const Tensor> made;  ///< in the network, once one has asked for it
};

/// A weight as TF.js names it in its layer ("kernel"), and how its bytes come about.
struct LayerWeight {
  std::string role;
  tensor::Computation value;
  std::vector<std::string> sources;  ///< names in the Keras file; none for a constant
  bool exact = false;                ///< it is what it is for its exact values: never quantized
};

struct Network;

struct NetworkLayer {
  std::string class_name;
  std::string name;
  Json config;  ///< without the name
  std::vector<LayerWeight> weights;
  std::vector<std::vector<Tensor>> calls;  ///< the inputs of each
  std::shared_ptr<Network> network;        ///< of a nested model, or of a TimeDistributed
};

struct Network {
  std::string name;
  bool sequential = false;
  std::vector<NetworkLayer> layers;  ///< an InputLayer has no calls
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
};

}  // namespace tensorferry::tfjs
