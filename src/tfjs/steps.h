#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "tfjs/builder.h"

/// The small layers that lowerings are made of. `part` names the layer: "<Keras layer>_<part>".
namespace tensorferry::tfjs {

/// Elements before and after an axis.
using Margin = std::pair<std::int64_t, std::int64_t>;

/// `extents` without the batch; at most one may be unknown (TF.js infers it), else Refusal.
Tensor reshape(LayerCall& call, std::string_view part, const Tensor& x, const Shape& extents);
/// Keras's Permute: axes from 1; axis k + 1 of the result is axis `axes[k]`.
Tensor permute(LayerCall& call, std::string_view part, const Tensor& x,
               const std::vector<std::size_t>& axes);
/// x · scale + offset.
Tensor rescale(LayerCall& call, std::string_view part, const Tensor& x, double scale,
               double offset);
/// max(x, 0), and not above `max_value`.
Tensor relu(LayerCall& call, std::string_view part, const Tensor& x,
            std::optional<double> max_value = std::nullopt);
/// An activation that TF.js has by this name.
Tensor activation(LayerCall& call, std::string_view part, const Tensor& x, const std::string& name);
Tensor add_up(LayerCall& call, std::string_view part, const Tensor& a, const Tensor& b);
Tensor multiply(LayerCall& call, std::string_view part, const Tensor& a, const Tensor& b);

/// Channels [begin, begin + count) of the last axis.
Tensor slice_channels(LayerCall& call, std::string_view part, const Tensor& x, std::int64_t begin,
                      std::int64_t count);
Tensor concatenate(LayerCall& call, std::string_view part, const std::vector<Tensor>& inputs,
                   std::size_t axis);

/// Zeros around each spatial axis of a channels-last tensor with one to three of them.
Tensor zero_pad(LayerCall& call, std::string_view part, const Tensor& x,
                const std::vector<Margin>& margins);
/// Cuts elements off the spatial axes of a channels-last tensor with one to three of them.
Tensor crop(LayerCall& call, std::string_view part, const Tensor& x,
            const std::vector<Margin>& margins);
/// Repeats the elements of the spatial axes of a channels-last tensor with one to three of them.
Tensor repeat_elements(LayerCall& call, std::string_view part, const Tensor& x,
                       const std::vector<std::int64_t>& factors);

/// (batch, channels, spatial…) → (batch, spatial…, channels), and back.
Tensor to_channels_last(LayerCall& call, const Tensor& x);
Tensor to_channels_first(LayerCall& call, const Tensor& x);

/// (batch, length, channels) → (batch, length, 1, channels), and back: the 2D twin of a 1D layer.
Tensor to_2d(LayerCall& call, const Tensor& x);
Tensor from_2d(LayerCall& call, const Tensor& x);

/// True where nothing is cut off or added.
bool is_nothing(const std::vector<Margin>& margins);

/// The extents without the batch.
Shape without_batch(const Shape& shape);

/// "channels_first" or "channels_last" of the layer's `data_format`.
std::string data_format(const LayerCall& call);
bool is_channels_first(const LayerCall& call);

}  // namespace tensorferry::tfjs
