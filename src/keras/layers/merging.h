#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind add_kind;
extern const LayerKind average_kind;
extern const LayerKind concatenate_kind;
extern const LayerKind dot_kind;
extern const LayerKind maximum_kind;
extern const LayerKind minimum_kind;
extern const LayerKind multiply_kind;
extern const LayerKind subtract_kind;

}  // namespace tensorferry::keras
