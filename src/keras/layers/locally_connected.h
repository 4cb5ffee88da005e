#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind locally_connected_kind;  ///< Keras 2's LocallyConnected1D, 2D

}  // namespace tensorferry::keras
