#pragma once

#include <string>

#include "keras/model.h"

namespace tensorferry::keras {

/// The model that a config describes ({"class_name", "config"}, of `model_config` or
/// `model.to_json()`), without weights. A Sequential gets explicit calls and an InputLayer (without
/// `batch_shape` where the config does not tell it); nested models are read the same way. A
/// subclassed model, whose structure is code and not in its file, has the kind WeightsOnly and no
/// layers. Throws io::Error{ConfigInvalid | GraphCycle}.
Model read_architecture(const Json& architecture, Generation generation);

/// Which Keras wrote it, from the version that a file gives ("2.13.1", "2.2.4-tf"), else from the
/// dialect.
Generation generation_of(const std::string& keras_version, const Json& architecture);

}  // namespace tensorferry::keras
