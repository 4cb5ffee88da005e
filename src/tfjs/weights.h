#pragma once

#include <string>
#include <vector>

#include "tfjs/network.h"

namespace tensorferry::tfjs {

/// The tensor as it lies, in another shape of as many elements where `shape` differs. TF.js
/// computes in float32, so other dtypes are cast.
LayerWeight stored_weight(const std::string& role, const tensor::TensorRef& stored,
                          const tensor::Shape& shape);

/// The elements that `view` shows of the tensor, as `shape`. `chain` says what that is in the
/// manifest.
LayerWeight viewed_weight(const std::string& role, const tensor::TensorRef& stored,
                          tensor::View view, const tensor::Shape& shape, const std::string& chain);

/// A constant that stands in no file.
LayerWeight constant_weight(const std::string& role, const tensor::Shape& shape,
                            const std::vector<float>& values);

/// The same number everywhere.
LayerWeight filled_weight(const std::string& role, const tensor::Shape& shape, float value);

}  // namespace tensorferry::tfjs
