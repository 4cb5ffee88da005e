#pragma once

#include <cstdint>

#include "keras/model.h"

namespace tensorferry::keras {

/// Theano convolves where TensorFlow correlates: a kernel of a model that was saved on Theano is
/// turned by half a turn. `source_count`: how many files were dropped.
/// (keras 2.2.4: engine/saving.py: _need_convert_kernel, utils/conv_utils.py: convert_kernel)
void turn_theano_kernels(Model& model, std::uint32_t source_count);

}  // namespace tensorferry::keras
