#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

/// Its layer at each time by itself: keras/src/layers/rnn/time_distributed.py.
extern const LayerKind time_distributed_kind;

}  // namespace tensorferry::keras
