#pragma once

#include <string>

#include "keras/model.h"

/// One spelling for what Keras 2 and Keras 3 write differently in configs.
namespace tensorferry::keras {

/// Today's public name of the class of a serialized object {class_name, config, module?,
/// registered_name?}. A custom class keeps its package ("Custom>Dense"), so that it is never taken
/// for a built-in one; the known classes inside keras.applications are no custom ones.
std::string public_class_name(const Json& object);

/// A value of a config without what only Keras's loader needs: built-in functions become their
/// names, dtype policies their names, other objects {class_name, config}, tuples and shapes arrays.
Json simplified(const Json& value);

/// The config of a layer: simplified, `batch_input_shape` as `batch_shape`, a BatchNormalization's
/// or LayerNormalization's axis [3] as 3.
Json layer_config(const std::string& class_name, const Json& config);

/// What a dtype policy's name says: the dtype of the variables and that of the computation.
struct DTypes {
  std::string variable = "float32";
  std::string compute = "float32";
  bool quantized = false;
};
DTypes policy_dtypes(const Json& config);

}  // namespace tensorferry::keras
