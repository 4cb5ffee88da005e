#pragma once

#include <string>
#include <vector>

#include "tfjs/steps.h"

namespace tensorferry::tfjs {

/// What BatchNormalization does at inference along one or more axes: (x − mean) / sqrt(variance +
/// ε) · gamma + beta. `weights` are named as TF.js names them, each a vector over the kept axes,
/// row-major; `config` holds `epsilon`, `scale`, `center` and what else the layer is to keep.
///
/// TF.js's CPU backend is right only along the last axis, and no backend takes more than four axes:
/// the data are permuted and reshaped around it where it must be. `part` is that of the layer with
/// the weights.
Tensor normalize_axes(LayerCall& call, const std::string& part, const Tensor& x,
                      const std::vector<std::size_t>& axes, Json config,
                      std::vector<LayerWeight> weights);

/// A Keras axis of a tensor of `rank` axes, from the front. Throws Refusal if it is the batch, or
/// none of them.
std::size_t axis_from_front(std::int64_t axis, std::size_t rank);
/// The same of several, ascending.
std::vector<std::size_t> axes_from_front(const std::vector<std::int64_t>& axes, std::size_t rank);
/// Those that a layer's `axis` names: the last one where it names none.
std::vector<std::size_t> normalized_axes(const LayerCall& call, std::size_t rank);

/// Axes from 1, as a Permute takes them: those that are not kept, then those that are.
std::vector<std::size_t> kept_axes_last(std::size_t rank, const std::vector<std::size_t>& kept);
/// The Permute that undoes one.
std::vector<std::size_t> inverse(const std::vector<std::size_t>& axes);

/// x · gamma along the last axis.
Tensor scale_channels(LayerCall& call, const Tensor& x, LayerWeight gamma);

/// x + beta along the last axis, as a layer of its own.
Tensor add_to_channels(LayerCall& call, const std::string& part, const Tensor& x, LayerWeight beta);

}  // namespace tensorferry::tfjs
