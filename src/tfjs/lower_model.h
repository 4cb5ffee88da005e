#pragma once

#include <memory>

#include "io/note.h"
#include "keras/model.h"
#include "tfjs/network.h"
#include "tfjs/target.h"

namespace tensorferry::tfjs {

/// A Keras model in layers that TF.js has.
struct LoweredModel {
  std::shared_ptr<Network> network;
  std::vector<LayerRow> layers;  ///< what became of each Keras layer, nested ones by "outer/inner"
  io::Notes notes;
};

/// Throws io::Error{LayerUnsupported} naming all layers that TF.js cannot have.
LoweredModel lower_model(const keras::Model& model);

}  // namespace tensorferry::tfjs
