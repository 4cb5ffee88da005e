#include "keras/layers/table.h"

#include <algorithm>

#include "keras/layers/activation.h"
#include "keras/layers/applications.h"
#include "keras/layers/attention.h"
#include "keras/layers/augmentation.h"
#include "keras/layers/categories.h"
#include "keras/layers/conv_recurrent.h"
#include "keras/layers/convolution.h"
#include "keras/layers/core.h"
#include "keras/layers/einsum_dense.h"
#include "keras/layers/images.h"
#include "keras/layers/integer_lookup.h"
#include "keras/layers/keras1.h"
#include "keras/layers/locally_connected.h"
#include "keras/layers/masking.h"
#include "keras/layers/merging.h"
#include "keras/layers/normalization.h"
#include "keras/layers/pipeline.h"
#include "keras/layers/pooling.h"
#include "keras/layers/preprocessing.h"
#include "keras/layers/recurrent.h"
#include "keras/layers/regularization.h"
#include "keras/layers/reshaping.h"
#include "keras/layers/reversible_embedding.h"
#include "keras/layers/spectral_normalization.h"
#include "keras/layers/spectrograms.h"
#include "keras/layers/time_distributed.h"
#include "keras/operations/operations.h"

namespace tensorferry::keras {

namespace {

constexpr LayerRow table[] = {
    {"Activation", &activation_kind},
    {"ActivityRegularization", &activity_regularization_kind},
    {"AdaptiveAveragePooling1D", &adaptive_average_pooling_kind},
    {"AdaptiveAveragePooling2D", &adaptive_average_pooling_kind},
    {"AdaptiveAveragePooling3D", &adaptive_average_pooling_kind},
    {"AdaptiveMaxPooling1D", &adaptive_max_pooling_kind},
    {"AdaptiveMaxPooling2D", &adaptive_max_pooling_kind},
    {"AdaptiveMaxPooling3D", &adaptive_max_pooling_kind},
    {"Add", &add_kind},
    {"AdditiveAttention", &additive_attention_kind},
    {"AlphaDropout", &alpha_dropout_kind},
    {"Attention", &attention_kind},
    {"AugMix", &augmentation_kind},
    {"AutoContrast", &auto_contrast_kind},
    {"Average", &average_kind},
    {"AveragePooling1D", &average_pooling_kind},
    {"AveragePooling2D", &average_pooling_kind},
    {"AveragePooling3D", &average_pooling_kind},
    {"BatchNormalization", &batch_normalization_kind},
    {"Bidirectional", &bidirectional_kind},
    {"CategoryEncoding", &category_encoding_kind},
    {"CenterCrop", &center_crop_kind},
    {"Concatenate", &concatenate_kind},
    {"ContrastLimitedAdaptiveHistogramEqualization", &clahe_kind},
    {"Conv1D", &convolution_kind},
    {"Conv1DTranspose", &transposed_convolution_kind},
    {"Conv2D", &convolution_kind},
    {"Conv2DTranspose", &transposed_convolution_kind},
    {"Conv3D", &convolution_kind},
    {"Conv3DTranspose", &transposed_convolution_kind},
    {"ConvLSTM1D", &conv_lstm_kind},
    {"ConvLSTM2D", &conv_lstm_kind},
    {"ConvLSTM3D", &conv_lstm_kind},
    {"Cropping1D", &cropping_kind},
    {"Cropping2D", &cropping_kind},
    {"Cropping3D", &cropping_kind},
    {"CuDNNGRU", &cudnn_kind},
    {"CuDNNLSTM", &cudnn_kind},
    {"CustomScaleLayer", &custom_scale_kind},
    {"CutMix", &augmentation_kind},
    {"Dense", &dense_kind},
    {"DepthwiseConv1D", &depthwise_convolution_kind},
    {"DepthwiseConv2D", &depthwise_convolution_kind},
    {"Discretization", &discretization_kind},
    {"Dot", &dot_kind},
    {"Dropout", &dropout_kind},
    {"ELU", &elu_kind},
    {"EinsumDense", &einsum_dense_kind},
    {"Embedding", &embedding_kind},
    {"Equalization", &augmentation_kind},
    {"Flatten", &flatten_kind},
    {"GRU", &gru_kind},
    {"GaussianDropout", &gaussian_dropout_kind},
    {"GaussianNoise", &gaussian_noise_kind},
    {"GlobalAveragePooling1D", &global_average_pooling_kind},
    {"GlobalAveragePooling2D", &global_average_pooling_kind},
    {"GlobalAveragePooling3D", &global_average_pooling_kind},
    {"GlobalMaxPooling1D", &global_max_pooling_kind},
    {"GlobalMaxPooling2D", &global_max_pooling_kind},
    {"GlobalMaxPooling3D", &global_max_pooling_kind},
    {"GroupNormalization", &group_normalization_kind},
    {"GroupQueryAttention", &group_query_attention_kind},
    {"Highway", &highway_kind},
    {"Identity", &identity_kind},
    {"InputLayer", &input_kind},
    {"IntegerLookup", &integer_lookup_kind},
    {"LSTM", &lstm_kind},
    {"LayerNormalization", &layer_normalization_kind},
    {"LayerScale", &layer_scale_kind},
    {"LeakyReLU", &leaky_relu_kind},
    {"LocallyConnected1D", &locally_connected_kind},
    {"LocallyConnected2D", &locally_connected_kind},
    {"Masking", &masking_kind},
    {"MaxPooling1D", &max_pooling_kind},
    {"MaxPooling2D", &max_pooling_kind},
    {"MaxPooling3D", &max_pooling_kind},
    {"Maximum", &maximum_kind},
    {"MaxoutDense", &maxout_dense_kind},
    {"MelSpectrogram", &mel_spectrogram_kind},
    {"Minimum", &minimum_kind},
    {"MixUp", &augmentation_kind},
    {"MultiHeadAttention", &multi_head_attention_kind},
    {"Multiply", &multiply_kind},
    {"Normalization", &normalization_kind},
    {"PReLU", &prelu_kind},
    {"Permute", &permute_kind},
    {"Pipeline", &pipeline_kind},
    {"RMSNormalization", &rms_normalization_kind},
    {"RNN", &rnn_kind},
    {"RandAugment", &augmentation_kind},
    {"RandomBrightness", &augmentation_kind},
    {"RandomColorDegeneration", &augmentation_kind},
    {"RandomColorJitter", &augmentation_kind},
    {"RandomContrast", &augmentation_kind},
    {"RandomCrop", &random_crop_kind},
    {"RandomElasticTransform", &augmentation_kind},
    {"RandomErasing", &augmentation_kind},
    {"RandomFlip", &augmentation_kind},
    {"RandomGaussianBlur", &augmentation_kind},
    {"RandomGrayscale", &augmentation_kind},
    {"RandomHeight", &augmentation_kind},
    {"RandomHue", &augmentation_kind},
    {"RandomInvert", &augmentation_kind},
    {"RandomPerspective", &augmentation_kind},
    {"RandomPosterization", &augmentation_kind},
    {"RandomRotation", &augmentation_kind},
    {"RandomSaturation", &augmentation_kind},
    {"RandomSharpness", &augmentation_kind},
    {"RandomShear", &augmentation_kind},
    {"RandomTranslation", &augmentation_kind},
    {"RandomWidth", &augmentation_kind},
    {"RandomZoom", &augmentation_kind},
    {"ReLU", &relu_kind},
    {"RepeatVector", &repeat_vector_kind},
    {"Rescaling", &rescaling_kind},
    {"Reshape", &reshape_kind},
    {"Resizing", &resizing_kind},
    {"ReversibleEmbedding", &reversible_embedding_kind},
    {"STFTSpectrogram", &stft_spectrogram_kind},
    {"SeparableConv1D", &separable_convolution_kind},
    {"SeparableConv2D", &separable_convolution_kind},
    {"SimpleRNN", &simple_rnn_kind},
    {"SlicingOpLambda", &tensorflow_operation_kind},
    {"Softmax", &softmax_kind},
    {"Solarization", &augmentation_kind},
    {"SpatialDropout1D", &spatial_dropout_kind},
    {"SpatialDropout2D", &spatial_dropout_kind},
    {"SpatialDropout3D", &spatial_dropout_kind},
    {"SpectralNormalization", &spectral_normalization_kind},
    {"StochasticDepth", &stochastic_depth_kind},
    {"Subtract", &subtract_kind},
    {"TFOpLambda", &tensorflow_operation_kind},
    {"TensorFlowOpLayer", &tensorflow_operation_kind},
    {"ThresholdedReLU", &thresholded_relu_kind},
    {"TimeDistributed", &time_distributed_kind},
    {"UnitNormalization", &unit_normalization_kind},
    {"UpSampling1D", &up_sampling_kind},
    {"UpSampling2D", &up_sampling_kind},
    {"UpSampling3D", &up_sampling_kind},
    {"ZeroPadding1D", &zero_padding_kind},
    {"ZeroPadding2D", &zero_padding_kind},
    {"ZeroPadding3D", &zero_padding_kind},
};

}  // namespace

std::span<const LayerRow> layer_table() { return table; }

const LayerKind* find_layer_kind(std::string_view class_name) {
  if (class_name.starts_with("ops.")) return &operation_kind;
  const auto row = std::lower_bound(
      std::begin(table), std::end(table), class_name,
      [](const LayerRow& entry, std::string_view name) { return entry.class_name < name; });
  return row == std::end(table) || row->class_name != class_name ? nullptr : row->kind;
}

}  // namespace tensorferry::keras
