#pragma once

#include "tfjs/builder.h"

/// The lowerings of all classes, one file a family. Each takes one call of a layer and throws
/// Refusal where TF.js cannot compute the same.
namespace tensorferry::tfjs {

// attention.cpp
Tensor lower_attention(LayerCall& call);
Tensor lower_additive_attention(LayerCall& call);
Tensor lower_multi_head_attention(LayerCall& call);
Tensor lower_group_query_attention(LayerCall& call);
// einsum_dense.cpp
Tensor lower_einsum_dense(LayerCall& call);
// dense.cpp
Tensor lower_dense(LayerCall& call);
// convolution.cpp
Tensor lower_conv1d(LayerCall& call);
Tensor lower_conv2d(LayerCall& call);
Tensor lower_conv3d(LayerCall& call);
// separable_convolution.cpp
Tensor lower_depthwise_conv1d(LayerCall& call);
Tensor lower_depthwise_conv2d(LayerCall& call);
Tensor lower_separable_conv1d(LayerCall& call);
Tensor lower_separable_conv2d(LayerCall& call);
// transposed_convolution.cpp
Tensor lower_conv1d_transpose(LayerCall& call);
Tensor lower_conv2d_transpose(LayerCall& call);
Tensor lower_conv3d_transpose(LayerCall& call);
// pooling.cpp
Tensor lower_pooling1d(LayerCall& call);
Tensor lower_pooling2d(LayerCall& call);
Tensor lower_pooling3d(LayerCall& call);
Tensor lower_global_pooling(LayerCall& call);
// normalization.cpp
Tensor lower_batch_normalization(LayerCall& call);
Tensor lower_layer_normalization(LayerCall& call);
Tensor lower_normalization(LayerCall& call);
// spectral_normalization.cpp
Tensor lower_spectral_normalization(LayerCall& call);
// group_normalization.cpp
Tensor lower_group_normalization(LayerCall& call);
Tensor lower_rms_normalization(LayerCall& call);
Tensor lower_unit_normalization(LayerCall& call);
// activation.cpp
Tensor lower_activation(LayerCall& call);
Tensor lower_elu(LayerCall& call);
Tensor lower_leaky_relu(LayerCall& call);
Tensor lower_prelu(LayerCall& call);
Tensor lower_relu(LayerCall& call);
Tensor lower_softmax(LayerCall& call);
Tensor lower_thresholded_relu(LayerCall& call);
// dropout.cpp
Tensor lower_dropout(LayerCall& call);
Tensor lower_spatial_dropout(LayerCall& call);
Tensor lower_gaussian(LayerCall& call);
Tensor lower_alpha_dropout(LayerCall& call);
Tensor lower_stochastic_depth(LayerCall& call);
Tensor lower_identity(LayerCall& call);
// conv_recurrent.cpp
Tensor lower_conv_lstm(LayerCall& call);
// masking.cpp
Tensor lower_masking(LayerCall& call);
// recurrent.cpp
Tensor lower_recurrent(LayerCall& call);
Tensor lower_bidirectional(LayerCall& call);
// reshaping.cpp
Tensor lower_flatten(LayerCall& call);
Tensor lower_reshape(LayerCall& call);
Tensor lower_permute(LayerCall& call);
Tensor lower_repeat_vector(LayerCall& call);
// padding.cpp
Tensor lower_zero_padding(LayerCall& call);
Tensor lower_cropping(LayerCall& call);
// up_sampling.cpp
Tensor lower_up_sampling(LayerCall& call);
// adaptive_pooling.cpp
Tensor lower_adaptive_pooling(LayerCall& call);
// images.cpp
Tensor lower_center_crop(LayerCall& call);
Tensor lower_random_crop(LayerCall& call);
Tensor lower_resizing(LayerCall& call);
// embedding.cpp
Tensor lower_embedding(LayerCall& call);
// reversible_embedding.cpp
Tensor lower_reversible_embedding(LayerCall& call);
// keras1.cpp
Tensor lower_highway(LayerCall& call);
Tensor lower_maxout_dense(LayerCall& call);
// category_encoding.cpp
Tensor lower_category_encoding(LayerCall& call);
Tensor lower_discretization(LayerCall& call);
// spectrograms.cpp
Tensor lower_stft_spectrogram(LayerCall& call);
// merging.cpp
Tensor lower_merge(LayerCall& call);
Tensor lower_subtract(LayerCall& call);
Tensor lower_concatenate(LayerCall& call);
Tensor lower_dot(LayerCall& call);
// operations.cpp
Tensor lower_operation(LayerCall& call);
// scaling.cpp
Tensor lower_rescaling(LayerCall& call);
Tensor lower_layer_scale(LayerCall& call);
Tensor lower_custom_scale(LayerCall& call);

}  // namespace tensorferry::tfjs
