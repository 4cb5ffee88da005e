#pragma once

#include <vector>

#include "tfjs/network.h"

namespace tensorferry::tfjs {

/// The output shape of a TF.js layer that has one output, by the rules of its `computeOutputShape`
/// where the extents are known; `unknown` where one of those that it depends on is. Throws Refusal
/// where the shapes do not fit the layer.
Shape output_shape(const std::string& class_name, const Json& config,
                   const std::vector<Shape>& inputs);

}  // namespace tensorferry::tfjs
