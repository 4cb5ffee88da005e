#pragma once

#include "keras/model.h"
#include "keras/stored_weights.h"

namespace tensorferry::keras {

/// Where the architecture and the weights come from one file, their layer names agree; else the
/// names may differ, and layers are paired by their order then, as Keras's load_weights does.
enum class LayerPairing { ByName, ByNameOrOrder };

/// Binds each stored weight to its variable: within a layer's group in Keras's order (trainable
/// variables first, recursively through nested models), the shape required, the name checked where
/// it says something. Weights of classes that are not known keep the file's names. Sets
/// `Layer::weights`, `Model::tensors` and `Model::unbound`. Throws io::Error{WeightMissing |
/// WeightShape | WeightDtype | WeightOrder}.
void bind_weights(Model& model, StoredWeights stored, LayerPairing pairing);

}  // namespace tensorferry::keras
