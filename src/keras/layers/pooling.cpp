#include "keras/layers/pooling.h"

#include "graph/functions.h"
#include "graph/infer.h"
#include "keras/layers/layer_call.h"
#include "keras/layers/recurrent.h"
#include "keras/layers/spatial.h"

namespace tensorferry::keras {

using graph::Pool;
using graph::ReduceAxes;

namespace {

constexpr std::string_view adaptive_arguments[] = {"data_format", "output_size"};
constexpr std::string_view pooling_arguments[] = {"data_format", "padding", "pool_size", "strides"};
constexpr std::string_view global_pooling_arguments[] = {"data_format", "keepdims"};

graph::ValueId lower_pooling(LayerCall& call, Pool::Kind kind) {
  const Arguments& arguments = call.arguments();
  Pool pool;
  pool.kind = kind;
  pool.spatial_rank = spatial_rank_of(call.layer().class_name);
  const auto count = static_cast<std::size_t>(pool.spatial_rank);
  const graph::ValueId input = call.input_of_rank(count + 2);
  pool.size = arguments.positive_integers("pool_size", count, 2);
  pool.strides = arguments.find("strides") == nullptr
                     ? pool.size
                     : arguments.positive_integers("strides", count, 1);
  pool.channel_axis = channel_axis(arguments, count + 2);
  pool.padding = window_padding(arguments, call.value(input).shape, pool.channel_axis, pool.size,
                                pool.strides, std::vector<std::int64_t>(count, 1));
  return call.add(pool, {input});
}

graph::ValueId lower_max_pooling(LayerCall& call) { return lower_pooling(call, Pool::Kind::Max); }
graph::ValueId lower_average_pooling(LayerCall& call) {
  return lower_pooling(call, Pool::Kind::Average);
}

graph::ValueId lower_global_pooling(LayerCall& call, ReduceAxes::Kind kind) {
  const int spatial_rank = spatial_rank_of(call.layer().class_name);
  const std::size_t rank = static_cast<std::size_t>(spatial_rank) + 2;
  const graph::ValueId input = call.input_of_rank(rank);
  ReduceAxes reduce;
  reduce.kind = kind;
  reduce.axes = graph::spatial_axes(spatial_rank, channel_axis(call.arguments(), rank));
  reduce.keep_dims = call.arguments().boolean("keepdims", false);
  return call.add(reduce, {input});
}

graph::ValueId lower_global_max_pooling(LayerCall& call) {
  return lower_global_pooling(call, ReduceAxes::Kind::Max);
}
/// keras/src/layers/pooling/global_average_pooling1d.py: of the times that the mask leaves.
graph::ValueId lower_global_average_pooling(LayerCall& call) {
  if (call.mask() && call.layer().class_name == "GlobalAveragePooling1D") {
    if (channel_axis(call.arguments(), 3) == 1) throw Refusal{"its mask is of another axis"};
    require_mask_of_times(call, *call.mask());
    const graph::MaskedMean mean{call.arguments().boolean("keepdims", false)};
    return call.add(mean, {call.input_of_rank(3), *call.mask()});
  }
  return lower_global_pooling(call, ReduceAxes::Kind::Mean);
}

/// keras/src/layers/pooling/base_adaptive_pooling.py
graph::ValueId lower_adaptive_pooling(LayerCall& call, std::string_view function) {
  const auto count = static_cast<std::size_t>(spatial_rank_of(call.layer().class_name));
  const graph::ValueId input = call.input_of_rank(count + 2);
  if (call.arguments().find("output_size") == nullptr) {
    call.arguments().mistaken("output_size", "given");
  }
  graph::Function pool;
  pool.kind = graph::find_function(function);
  pool.axes = {channel_axis(call.arguments(), count + 2)};
  pool.integers = call.arguments().positive_integers("output_size", count, 1);
  pool.operands = {std::nullopt};
  pool.dtypes = {call.value(input).dtype};
  return call.add(pool, {input});
}

graph::ValueId lower_adaptive_average_pooling(LayerCall& call) {
  return lower_adaptive_pooling(call, "adaptive_average_pool");
}
graph::ValueId lower_adaptive_max_pooling(LayerCall& call) {
  return lower_adaptive_pooling(call, "adaptive_max_pool");
}

}  // namespace

const LayerKind adaptive_average_pooling_kind{adaptive_arguments, no_variables,
                                              lower_adaptive_average_pooling};
const LayerKind adaptive_max_pooling_kind{adaptive_arguments, no_variables,
                                          lower_adaptive_max_pooling};
const LayerKind average_pooling_kind{pooling_arguments, no_variables, lower_average_pooling};
const LayerKind global_average_pooling_kind{global_pooling_arguments, no_variables,
                                            lower_global_average_pooling, MaskUse::Takes};
const LayerKind global_max_pooling_kind{global_pooling_arguments, no_variables,
                                        lower_global_max_pooling};
const LayerKind max_pooling_kind{pooling_arguments, no_variables, lower_max_pooling};

}  // namespace tensorferry::keras
