#include "tfjs/layers/cudnn.h"

#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

std::uint64_t units_of(const LayerCall& call) {
  return static_cast<std::uint64_t>(call.arguments().positive_integer("units"));
}

// The first half of the bias belongs to the input, the second to the state.
LayerWeight half_of_bias(const LayerCall& call, bool second) {
  const tensor::TensorRef& bias = call.stored("bias");
  const std::uint64_t half = bias.shape.at(0) / 2;
  return viewed_weight("bias", bias, {0, {half}, {1}, second ? static_cast<std::int64_t>(half) : 0},
                       {half}, second ? "half(1)" : "half(0)");
}

}  // namespace

bool is_cudnn(const LayerCall& call) { return call.layer().class_name.starts_with("CuDNN"); }

// A transposed convolution of one cell has the transposed matrix, in which the blocks of the file
// lie one after another.
Tensor products_of_input(LayerCall& call, const Tensor& x) {
  const tensor::TensorRef& stored = call.stored("kernel");
  const std::uint64_t features = stored.shape.at(0);
  const std::uint64_t columns = stored.shape.at(1);
  const std::uint64_t units = units_of(call);
  LayerWeight kernel = stored_weight("kernel", stored, {1, 1, columns, features});
  kernel.value.views.clear();
  for (std::uint64_t begin = 0; begin < columns; begin += units) {
    kernel.value.views.push_back(
        tensor::sliced(tensor::identity_view(0, stored.shape), 1, begin, units));
  }
  kernel.value.axis = 0;
  kernel.value.chain = "cudnn" + kernel.value.chain.substr(std::string("identity").size());
  const Tensor made = call.add("products", "Conv2DTranspose",
                               {{"filters", columns},
                                {"kernel_size", {1, 1}},
                                {"strides", {1, 1}},
                                {"padding", "valid"},
                                {"data_format", "channels_last"},
                                {"activation", "linear"},
                                {"use_bias", true}},
                               {to_2d(call, x)}, {std::move(kernel), half_of_bias(call, false)});
  return from_2d(call, made);
}

std::vector<LayerWeight> cudnn_lstm_weights(const LayerCall& call) {
  const tensor::TensorRef& stored = call.stored("recurrent_kernel");
  const std::uint64_t units = units_of(call);
  const std::uint64_t columns = stored.shape.at(1);
  // (row, block, column) of what is square
  const tensor::View transposed{
      0,
      {units, columns / units, units},
      {1, static_cast<std::int64_t>(units), static_cast<std::int64_t>(columns)},
      0};
  return {identity_weight("kernel", columns),
          viewed_weight("recurrent_kernel", stored, transposed, {units, columns}, "cudnn"),
          half_of_bias(call, true)};
}

LayerWeight identity_weight(const std::string& role, std::uint64_t n) {
  std::vector<float> diagonal(2 * n - 1, 0.0F);
  diagonal[n - 1] = 1;
  LayerWeight weight = constant_weight(role, {2 * n - 1}, diagonal);
  weight.value.views = {{0, {n, n}, {1, -1}, static_cast<std::int64_t>(n) - 1}};
  weight.value.shape = {n, n};
  weight.exact = true;
  return weight;
}

}  // namespace tensorferry::tfjs
