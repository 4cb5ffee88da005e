#include "tfjs/layers/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"

namespace tensorferry::tfjs {
namespace {

constexpr std::string_view convolution_arguments =
    "filters kernel_size strides padding data_format dilation_rate groups activation use_bias";
constexpr std::string_view depthwise_arguments =
    "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias "
    "groups";
constexpr std::string_view separable_arguments =
    "filters kernel_size strides padding depth_multiplier data_format dilation_rate activation "
    "use_bias groups";
constexpr std::string_view transposed_arguments =
    "filters kernel_size strides padding output_padding data_format dilation_rate groups "
    "activation use_bias";
constexpr std::string_view pool_arguments = "pool_size strides padding data_format";
constexpr std::string_view global_pool_arguments = "data_format keepdims";
constexpr std::string_view batch_norm_arguments =
    "axis momentum epsilon center scale fused synchronized renorm renorm_clipping renorm_momentum "
    "virtual_batch_size";
constexpr std::string_view attention_arguments = "use_scale score_mode dropout causal";
constexpr std::string_view attention_keywords = "use_causal_mask return_attention_scores";
constexpr std::string_view multi_head_arguments =
    "num_heads key_dim value_dim dropout use_bias use_gate output_shape attention_axes "
    "flash_attention query_shape key_shape value_shape softmax_robust_masking sliding_window";
constexpr std::string_view group_query_arguments =
    "head_dim num_query_heads num_key_value_heads dropout use_bias use_gate flash_attention "
    "sliding_window";
// How images are changed in training.
constexpr std::string_view augmentation_arguments =
    "addition_factor all_ops alpha bins bounding_box_format brightness_factor chain_depth "
    "contrast_factor data_format factor fill_mode fill_value height_factor hue_factor "
    "interpolation kernel_size mode num_chains num_ops rng_type saturation_factor scale sigma "
    "threshold_factor value_range width_factor x_factor y_factor";
constexpr std::string_view reversible_arguments =
    "input_dim output_dim mask_zero tie_weights reverse_dtype logit_soft_cap";
constexpr std::string_view drop_arguments = "rate noise_shape";
constexpr std::string_view resizing_arguments =
    "height width interpolation crop_to_aspect_ratio pad_to_aspect_ratio fill_mode fill_value "
    "antialias data_format";
// Some say how its kernels were made.
constexpr std::string_view stft_arguments =
    "data_format expand_dims fft_length frame_length frame_step mode padding periodic scaling "
    "window";
// What is not said to TF.js: how Keras computes (`implementation`, `unroll`), an initializer
// (`unit_forget_bias`), what matters where there is a mask only.
constexpr std::string_view recurrent_arguments =
    "units activation recurrent_activation use_bias return_sequences return_state go_backwards "
    "stateful dropout recurrent_dropout reset_after time_major implementation unroll "
    "unit_forget_bias zero_output_for_mask";
constexpr std::string_view cudnn_arguments =
    "units return_sequences return_state go_backwards stateful time_major unit_forget_bias";
constexpr std::string_view conv_lstm_arguments =
    "filters kernel_size strides padding data_format dilation_rate activation recurrent_activation "
    "use_bias return_sequences return_state go_backwards stateful dropout recurrent_dropout "
    "time_major implementation unroll unit_forget_bias zero_output_for_mask";

// Keras 3 says `training` to these, which do the same whatever it is.
constexpr std::string_view at_any_time = "training";

// Alphabetical by class.
constexpr std::array<LayerKind, 131> kinds = {{
    {"Activation", "activation", lower_activation},
    {"ActivityRegularization", "l1 l2", lower_identity},
    {"AdaptiveAveragePooling1D", "output_size data_format", lower_adaptive_pooling},
    {"AdaptiveAveragePooling2D", "output_size data_format", lower_adaptive_pooling},
    {"AdaptiveAveragePooling3D", "output_size data_format", lower_adaptive_pooling},
    {"AdaptiveMaxPooling1D", "output_size data_format", lower_adaptive_pooling},
    {"AdaptiveMaxPooling2D", "output_size data_format", lower_adaptive_pooling},
    {"AdaptiveMaxPooling3D", "output_size data_format", lower_adaptive_pooling},
    {"Add", "", lower_merge},
    {"AdditiveAttention", attention_arguments, lower_additive_attention, attention_keywords},
    {"AlphaDropout", drop_arguments, lower_alpha_dropout},
    {"Attention", attention_arguments, lower_attention, attention_keywords},
    {"AugMix", augmentation_arguments, lower_identity},
    {"Average", "", lower_merge},
    {"AveragePooling1D", pool_arguments, lower_pooling1d},
    {"AveragePooling2D", pool_arguments, lower_pooling2d},
    {"AveragePooling3D", pool_arguments, lower_pooling3d},
    {"BatchNormalization", batch_norm_arguments, lower_batch_normalization},
    {"Bidirectional", "merge_mode num_constants", lower_bidirectional},
    {"CategoryEncoding", "num_tokens output_mode sparse", lower_category_encoding, "count_weights"},
    {"CenterCrop", "height width data_format", lower_center_crop, at_any_time},
    {"Concatenate", "axis", lower_concatenate},
    {"Conv1D", convolution_arguments, lower_conv1d},
    {"Conv1DTranspose", transposed_arguments, lower_conv1d_transpose},
    {"Conv2D", convolution_arguments, lower_conv2d},
    {"Conv2DTranspose", transposed_arguments, lower_conv2d_transpose},
    {"Conv3D", convolution_arguments, lower_conv3d},
    {"Conv3DTranspose", transposed_arguments, lower_conv3d_transpose},
    {"ConvLSTM1D", conv_lstm_arguments, lower_conv_lstm},
    {"ConvLSTM2D", conv_lstm_arguments, lower_conv_lstm},
    {"Cropping1D", "cropping data_format", lower_cropping},
    {"Cropping2D", "cropping data_format", lower_cropping},
    {"Cropping3D", "cropping data_format", lower_cropping},
    {"CuDNNGRU", cudnn_arguments, lower_recurrent},
    {"CuDNNLSTM", cudnn_arguments, lower_recurrent},
    {"CustomScaleLayer", "scale", lower_custom_scale},
    {"CutMix", augmentation_arguments, lower_identity},
    {"Dense", "units activation use_bias", lower_dense},
    {"DepthwiseConv1D", depthwise_arguments, lower_depthwise_conv1d},
    {"DepthwiseConv2D", depthwise_arguments, lower_depthwise_conv2d},
    {"Discretization", "bin_boundaries epsilon num_bins output_mode sparse", lower_discretization},
    {"Dot", "axes normalize", lower_dot},
    {"Dropout", drop_arguments, lower_dropout},
    {"ELU", "alpha", lower_elu},
    {"EinsumDense", "equation output_shape bias_axes activation", lower_einsum_dense},
    {"Embedding", "input_dim output_dim mask_zero input_length", lower_embedding},
    {"Equalization", augmentation_arguments, lower_identity},
    {"Flatten", "data_format", lower_flatten},
    {"GRU", recurrent_arguments, lower_recurrent},
    {"GaussianDropout", "rate", lower_gaussian},
    {"GaussianNoise", "stddev", lower_gaussian},
    {"GlobalAveragePooling1D", global_pool_arguments, lower_global_pooling},
    {"GlobalAveragePooling2D", global_pool_arguments, lower_global_pooling},
    {"GlobalAveragePooling3D", global_pool_arguments, lower_global_pooling},
    {"GlobalMaxPooling1D", global_pool_arguments, lower_global_pooling},
    {"GlobalMaxPooling2D", global_pool_arguments, lower_global_pooling},
    {"GlobalMaxPooling3D", global_pool_arguments, lower_global_pooling},
    {"GroupNormalization", "groups axis epsilon center scale", lower_group_normalization},
    {"GroupQueryAttention", group_query_arguments, lower_group_query_attention, attention_keywords},
    {"Highway", "activation use_bias", lower_highway},
    {"Identity", "", lower_identity},
    {"LSTM", recurrent_arguments, lower_recurrent},
    {"LayerNormalization", "axis epsilon center scale rms_scaling", lower_layer_normalization},
    {"LayerScale", "init_values projection_dim", lower_layer_scale},
    {"LeakyReLU", "alpha negative_slope", lower_leaky_relu},
    {"Masking", "mask_value", lower_masking},
    {"MaxPooling1D", pool_arguments, lower_pooling1d},
    {"MaxPooling2D", pool_arguments, lower_pooling2d},
    {"MaxPooling3D", pool_arguments, lower_pooling3d},
    {"Maximum", "", lower_merge},
    {"MaxoutDense", "features units use_bias", lower_maxout_dense},
    {"Minimum", "", lower_merge},
    {"MixUp", augmentation_arguments, lower_identity},
    {"MultiHeadAttention", multi_head_arguments, lower_multi_head_attention, attention_keywords},
    {"Multiply", "", lower_merge},
    {"Normalization", "axis mean variance invert input_mean input_variance", lower_normalization},
    {"PReLU", "shared_axes", lower_prelu},
    {"Permute", "dims", lower_permute},
    {"Pipeline", "", nullptr},
    {"RMSNormalization", "axis epsilon", lower_rms_normalization},
    {"RNN",
     "go_backwards return_sequences return_state stateful time_major unroll zero_output_for_mask",
     nullptr},
    {"RandAugment", augmentation_arguments, lower_identity},
    {"RandomBrightness", augmentation_arguments, lower_identity},
    {"RandomColorDegeneration", augmentation_arguments, lower_identity},
    {"RandomColorJitter", augmentation_arguments, lower_identity},
    {"RandomContrast", augmentation_arguments, lower_identity},
    {"RandomCrop", "bounding_box_format data_format height rng_type width", lower_random_crop},
    {"RandomElasticTransform", augmentation_arguments, lower_identity},
    {"RandomErasing", augmentation_arguments, lower_identity},
    {"RandomFlip", augmentation_arguments, lower_identity},
    {"RandomGaussianBlur", augmentation_arguments, lower_identity},
    {"RandomGrayscale", augmentation_arguments, lower_identity},
    {"RandomHeight", augmentation_arguments, lower_identity},
    {"RandomHue", augmentation_arguments, lower_identity},
    {"RandomInvert", augmentation_arguments, lower_identity},
    {"RandomPerspective", augmentation_arguments, lower_identity},
    {"RandomPosterization", augmentation_arguments, lower_identity},
    {"RandomRotation", augmentation_arguments, lower_identity},
    {"RandomSaturation", augmentation_arguments, lower_identity},
    {"RandomSharpness", augmentation_arguments, lower_identity},
    {"RandomShear", augmentation_arguments, lower_identity},
    {"RandomTranslation", augmentation_arguments, lower_identity},
    {"RandomWidth", augmentation_arguments, lower_identity},
    {"RandomZoom", augmentation_arguments, lower_identity},
    {"ReLU", "max_value negative_slope threshold", lower_relu},
    {"RepeatVector", "n", lower_repeat_vector},
    {"Rescaling", "scale offset", lower_rescaling},
    {"Reshape", "target_shape", lower_reshape},
    {"Resizing", resizing_arguments, lower_resizing, at_any_time},
    {"ReversibleEmbedding", reversible_arguments, lower_reversible_embedding, "reverse"},
    {"STFTSpectrogram", stft_arguments, lower_stft_spectrogram},
    {"SeparableConv1D", separable_arguments, lower_separable_conv1d},
    {"SeparableConv2D", separable_arguments, lower_separable_conv2d},
    {"SimpleRNN", recurrent_arguments, lower_recurrent},
    {"Softmax", "axis", lower_softmax},
    {"Solarization", augmentation_arguments, lower_identity},
    {"SpatialDropout1D", drop_arguments, lower_spatial_dropout},
    {"SpatialDropout2D", "rate noise_shape data_format", lower_spatial_dropout},
    {"SpatialDropout3D", "rate noise_shape data_format", lower_spatial_dropout},
    {"SpectralNormalization", "power_iterations", lower_spectral_normalization},
    {"StochasticDepth", "drop_path_rate", lower_stochastic_depth},
    {"Subtract", "", lower_subtract},
    {"ThresholdedReLU", "theta", lower_thresholded_relu},
    {"TimeDistributed", "", nullptr},
    {"UnitNormalization", "axis", lower_unit_normalization},
    {"UpSampling1D", "size", lower_up_sampling},
    {"UpSampling2D", "size data_format interpolation", lower_up_sampling},
    {"UpSampling3D", "size data_format", lower_up_sampling},
    {"ZeroPadding1D", "padding data_format", lower_zero_padding},
    {"ZeroPadding2D", "padding data_format", lower_zero_padding},
    {"ZeroPadding3D", "padding data_format", lower_zero_padding},
}};

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Arguments of any layer that tell how it was made or trained, not what it computes.
bool concerns_making_or_training(std::string_view name) {
  static constexpr std::array<std::string_view, 10> names = {
      "name",        "trainable",   "dtype", "batch_input_shape", "batch_shape",
      "input_shape", "input_dtype", "seed",  "build_config",      "autocast"};
  return std::find(names.begin(), names.end(), name) != names.end() ||
         ends_with(name, "_initializer") || ends_with(name, "_regularizer") ||
         ends_with(name, "_constraint");
}

bool has_word(std::string_view words, std::string_view word) {
  const std::size_t at = words.find(word);
  if (at == std::string_view::npos) {
    return false;
  }
  const bool begins = at == 0 || words[at - 1] == ' ';
  const bool ends = at + word.size() == words.size() || words[at + word.size()] == ' ';
  return (begins && ends) || has_word(words.substr(at + 1), word);
}

}  // namespace

bool takes_keyword(const LayerKind& kind, std::string_view name) {
  return has_word(kind.keywords, name);
}

const LayerKind* find_layer_kind(std::string_view class_name) {
  static constexpr LayerKind operation{"", "", lower_operation, "", true};
  if (class_name.starts_with("ops.") || class_name == "TFOpLambda" ||
      class_name == "SlicingOpLambda" || class_name == "TensorFlowOpLayer") {
    return &operation;
  }
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const LayerKind& kind) {
    return kind.class_name == class_name;
  });
  return found == kinds.end() ? nullptr : &*found;
}

void require_known_arguments(const keras::Layer& layer, const LayerKind& kind) {
  if (kind.is_operation) return;
  for (const auto& [name, value] : layer.config.items()) {
    if (!value.is_null() && !concerns_making_or_training(name) && !has_word(kind.arguments, name)) {
      throw Refusal{fmt::format("TF.js would ignore its argument `{}` ({}).", name,
                                value.dump(-1, ' ', false, Json::error_handler_t::replace))};
    }
  }
}

}  // namespace tensorferry::tfjs
