// What TF.js cannot have, by fixture: what the refusal must say. Everything else must convert.
// `sometimes`: configurations of a class that are drawn at random; those that convert must be right.

const refused = [
  { match: /^activation\/activation_(exponential|sparsemax|squareplus)$/, words: ['"activation"'] },
  { match: /^activation\/fused_(exponential|sparsemax|squareplus)$/, words: ['"conv2d"'] },
  { match: /^attention\/(dot|additive|heads|heads_gate)_scores$/, words: ["second output"] },
  {
    match: /^attention\/heads_((gate_)?map_axis_[12]|volume_axes_1_3)$/,
    words: ["attention_axes"],
  },
  { match: /^attention\/additive_free$/, words: ["None"] },
  { match: /^einsum_dense\/kernel_for_each_row$/, words: ["no product of matrices"] },
  // A stride larger than its window, "same", on sizes that are not known.
  { match: /^convolution\/conv3d_free_strides_same$/, words: ['"conv3d"', "None"] },
  // Of the GRU of today an LSTM computes that of tanh and sigmoid, relu and linear.
  {
    match: /^recurrent\/gru_(elu|softsign|recurrent_tanh|hard_sigmoid)$/,
    words: ["reset_after"],
  },
  // States that are given may be negative, and those of the LSTM are not.
  { match: /^recurrent\/gru_relu_from_state$/, words: ["reset_after", "negative"] },
  { match: /^recurrent\/gru_(relu|linear)_hard_sigmoid_3$/, words: ["hard_sigmoid"] },
  { match: /^recurrent\/gru_hard_sigmoid_3/, words: ["hard_sigmoid"] },
  { match: /^recurrent\/time_major/, words: ["time_major"] },
  { match: /^bidirectional\/gru_elu/, words: ["reset_after"] },
  // Keras 3 alone.
  {
    match: /^masks\/(multiply_.*|(max|min)imum_.*|concatenate_one_mask)$/,
    words: ["mask"],
    sometimes: true,
  },
  { match: /^masks\/concatenate_in_time_first$/, words: ["mask"] },
  {
    match: /^masks_nested\/((multiply|maximum)_inside_.*|merged_outside|joined_inside_.*)$/,
    words: ["mask"],
    sometimes: true,
  },
  { match: /with_and_without/, words: ["with a mask and without"] },
  {
    match: /^masks_nested\/(encoder_decoder|initial_states_inside)$/,
    words: ["initial states"],
  },
  { match: /^masks_nested\/attention_(in|out)side$/, words: ["mask"] },
  // TF.js hands no mask to the layer of a TimeDistributed.
  {
    match: /^masks_within\/(each_(?!global_max)|sentences_|shared_each)/,
    words: ["TimeDistributed", "mask"],
  },
  {
    match: /^masks_within\/((embedding|masking|out_of_model)_each|embedding_each_folded)$/,
    words: ["TimeDistributed", "mask"],
    sometimes: true,
  },
  { match: /^masks_within\/(vectors|deeper)$/, words: ["Masking", "rank"] },
  { match: /^masks_within\/conv_lstm/, words: ["mask"] },
  { match: /^masks_within\/softmax_/, words: ["mask"] },
  { match: /^masks_within\/(pipeline|spectral_normalization)/, words: ["mask"] },
  { match: /^masks\/.*given_mask/, words: ["mask"] },
  // Keras 2 alone: Keras 3 hands these no mask.
  { match: /^masks\/.*initial_states/, words: ["initial states"], sometimes: true },
  { match: /^masks\/zero_last_output$/, words: ["last output"] },
  { match: /^recurrent\/nested_states_in_between$/, words: ["initial states"] },
  { match: /^masks\/states_in_between$/, words: ["initial states"] },
  { match: /^masks\/cells_backwards$/, words: ["mask", "turned"] },
  { match: /^masks\/through_operation$/, words: ["mask"] },
  { match: /^masks\/second_sequence$/, words: ["mask"], sometimes: true },
  { match: /^masks\/global_average_free$/, words: ["mask", "None"] },
  { match: /^masked_attention\//, words: ["mask"] },
  { match: /^keras_2_2_4\/lstm_gru$/, words: ["reset_after", "hard_sigmoid"] },
  { match: /^categories\/(encoding|bins)_(one_hot_scalar|of_batch)$/, words: ["batch"] },
  { match: /^categories\/encoding_sparse$/, words: ["sparse"] },
  { match: /^categories\/bins_adapted$/, words: ["adapt()"], sometimes: true },
  { match: /^categories\/(?!encoding|bins)/, words: ["has no such layer"] },
  { match: /^locally_connected\//, words: ["LocallyConnected"] },
  { match: /^random_maps\/locallyconnected/, words: ["LocallyConnected"] },
  { match: /^conv_recurrent\/rank3/, words: ["ConvLSTM3D"] },
  {
    match: /^conv_recurrent\/(rank[12]_initial_state|encoder_decoder)$/,
    words: ["initial states"],
  },
  { match: /^conv_recurrent\/hard_sigmoid_3_elu$/, words: ["`recurrent_activation`"] },
  { match: /^spectral_normalization\/embedding_3/, words: ["Embedding", "dtype"] },
  { match: /^recurrent\/lstm_leaky_relu$/, words: ["`activation`", "LeakyReLU"] },
  { match: /^recurrent\/lstm_hard_sigmoid_3$/, words: ["`recurrent_activation`"] },
  { match: /^merging\/operators$/, words: ['"true_divide"', "division"] },
  { match: /^operations\/(?!layers_of_tfjs)/, words: ["TF.js"] },
  { match: /^graph_nodes\/of_tensorflow/, words: ["has no layers that compute"] },
  { match: /^shape_values\//, words: ["has no layers that compute"] },
  { match: /^images\/(auto_contrast|clahe)/, words: ["has no such layer"] },
  { match: /^images\/center_crop_free$/, words: ["None"] },
  { match: /^attention\/heads_window_blind(_dropout)?$/, words: ["see no key"] },
  { match: /^random_maps\/upsampling2d_/, words: ["None"], sometimes: true },
  { match: /^random_maps\/.*3d_/, words: ["3D"], sometimes: true },
  {
    match: /^random_layers\/(activation|layernormalization|softmax)_/,
    words: ["TF.js"],
    sometimes: true,
  },
  { match: /^random_layers\/(reversible)?embedding_/, words: ["mask"], sometimes: true },
  { match: /^random_attention\//, words: ["TF.js"], sometimes: true },
  { match: /^random_preprocessing\/contrast/, words: ["TF.js"] },
  { match: /^random_preprocessing\/stft/, words: ["logarithms"], sometimes: true },
  {
    match: /^random_preprocessing\/(?!category|discretization|pipeline)/,
    words: ["has no such layer"],
  },
  { match: /^pipelines\/vocabulary/, words: ["has no such layer"] },
  { match: /^spectrograms\/stft_(log|magnitude|angle|in_network)$/, words: ["logarithms"] },
  { match: /^spectrograms\/mel_/, words: ["has no such layer"] },
  { match: /^random_recurrent\/(?!time)/, words: ["TF.js"], sometimes: true },
  { match: /^normalization\/layer_norm_rms_scaling$/, words: ["rms_scaling"] },
  {
    match: /^reshaping\/up_sampling2d_(bilinear|bicubic|lanczos3|lanczos5)_free$/,
    words: ["None"],
  },
  { match: /^up_sampling\/(gaussian|mitchellcubic)_free$/, words: ["None"] },
  { match: /^batch_normalization\/virtual_batches$/, words: ["virtual batches"] },
];

/** The refusal of a fixture; undefined if it must convert. An archive of another family's model is
 * refused as that is. */
export function refusalOf(id) {
  const saved = /^archives\/([a-z_]+?)__(.*)$/.exec(id);
  const model = saved ? `${saved[1]}/${saved[2]}` : id;
  return refused.find((entry) => entry.match.test(model));
}
