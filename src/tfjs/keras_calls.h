#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "keras/model.h"

/// What a Keras model says of the calls of its layers.
namespace tensorferry::tfjs {

/// Throws Refusal at a keyword or a constant that Keras wrote down for a call and that changes
/// numbers.
void require_plain_call(const keras::Layer& layer, const keras::Call& call,
                        bool training_is_default);

/// Which calls the outputs reach: Keras 2 lists those of other models on a shared layer too.
std::vector<std::vector<bool>> reached_calls(const keras::Model& model);

/// How many outputs of a call somebody takes, at least one.
std::size_t count_outputs(const keras::Model& model, std::uint32_t layer, std::uint32_t node);

}  // namespace tensorferry::tfjs
