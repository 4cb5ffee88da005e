#pragma once

#include "keras/model.h"

namespace tensorferry::keras {

/// The architecture of a Keras 1 model in the words of Keras 2: classes and arguments renamed, a
/// Sequential that begins with a Merge as the graph that it is. What a layer of Keras 1 can and one
/// of Keras 2 cannot keeps its name, so that it is refused. Values keep their meaning; weights are
/// still those of Keras 1 (keras1_weights.h). Sources: keras 1.2.2, `get_config` of each layer;
/// keras 2.2.4, legacy/interfaces.py and legacy/layers.py. Throws io::Error{ConfigInvalid}.
Json keras2_architecture(const Json& architecture);

}  // namespace tensorferry::keras
