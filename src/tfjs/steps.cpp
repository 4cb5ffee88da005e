#include "tfjs/steps.h"

#include <algorithm>
#include <numeric>

#include "tfjs/refusal.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

Json margins_json(const std::vector<Margin>& margins) {
  Json result = Json::array();
  for (const Margin& margin : margins) {
    result.push_back({margin.first, margin.second});
  }
  return result;
}

std::int64_t product(std::int64_t a, std::int64_t b) {
  return a == unknown || b == unknown ? unknown : a * b;
}

using Values = std::vector<Json>;
using Apply2d = Tensor (*)(LayerCall&, const std::string& part, const Tensor&, const Json& rows,
                           const Json& columns);

/// Does to one, two or three spatial axes what a layer of TF.js does to two. With three the last
/// two axes are one while the first two are worked on, then the first two are one: (d, h, w·c),
/// (d·h, w, c).
Tensor on_two_axes(LayerCall& call, std::string_view part, const Tensor& x, const Values& values,
                   const Json& neutral, Apply2d apply) {
  const std::string name(part);
  if (values.size() == 1) {
    return from_2d(call, apply(call, name, to_2d(call, x), values[0], neutral));
  }
  if (values.size() == 2) {
    return apply(call, name, x, values[0], values[1]);
  }
  const Shape& s = x.shape;
  Tensor y = reshape(call, name + "_join", x, {s[1], s[2], product(s[3], s[4])});
  y = apply(call, name, y, values[0], values[1]);
  const std::int64_t depth = y.shape[1];
  const std::int64_t height = y.shape[2];
  y = reshape(call, name + "_rejoin", y, {product(depth, height), s[3], s[4]});
  y = apply(call, name + "_width", y, neutral, values[2]);
  return reshape(call, name + "_split", y, {depth, height, y.shape[2], s[4]});
}

/// True if a Reshape of the three spatial axes cannot be told its sizes.
bool has_several_unknown(const Tensor& x) {
  return std::count(x.shape.begin() + 1, x.shape.end(), unknown) > 1;
}

/// The kernel (depth, height, width, channels, channels) of a convolution that copies each channel
/// from, or to, the cells for which `takes` holds.
template <class Takes>
LayerWeight copying_kernel(const std::vector<std::int64_t>& size, std::int64_t channels,
                           const Takes& takes) {
  if (channels == unknown) {
    throw Refusal{"The number of its channels is None."};
  }
  const auto c = static_cast<std::uint64_t>(channels);
  tensor::Shape shape(size.begin(), size.end());
  shape.insert(shape.end(), {c, c});
  std::vector<float> kernel(tensor::element_count(shape), 0.0F);
  for (std::uint64_t cell = 0; cell < kernel.size() / (c * c); ++cell) {
    for (std::uint64_t channel = 0; takes(cell) && channel < c; ++channel) {
      kernel[(cell * c + channel) * c + channel] = 1.0F;
    }
  }
  return constant_weight("kernel", shape, kernel);
}

Json copying_config(const std::vector<std::int64_t>& size, std::int64_t channels,
                    const std::vector<std::int64_t>& strides) {
  return {{"filters", channels},
          {"kernel_size", size},
          {"strides", strides},
          {"padding", "valid"},
          {"data_format", "channels_last"},
          {"use_bias", false},
          {"activation", "linear"}};
}

/// Three axes of which several are None: a 3D convolution by a kernel with one cell of ones cuts
/// off what lies before and after that cell; its transpose adds zeros there.
Tensor shift_volume(LayerCall& call, std::string_view part, const Tensor& x,
                    const std::vector<Margin>& margins, const std::string& class_name) {
  std::vector<std::int64_t> size;
  std::int64_t cell_of_ones = 0;
  for (const Margin& margin : margins) {
    size.push_back(margin.first + margin.second + 1);
    cell_of_ones = cell_of_ones * size.back() + margin.first;
  }
  const std::int64_t channels = x.shape.back();
  return call.add(part, class_name, copying_config(size, channels, {1, 1, 1}), {x},
                  {copying_kernel(size, channels, [&](std::uint64_t cell) {
                    return cell == static_cast<std::uint64_t>(cell_of_ones);
                  })});
}

Values margin_values(const std::vector<Margin>& margins) {
  Values values;
  for (const Margin& margin : margins) {
    values.push_back({margin.first, margin.second});
  }
  return values;
}

}  // namespace

Tensor reshape(LayerCall& call, std::string_view part, const Tensor& x, const Shape& extents) {
  if (without_batch(x.shape) == extents) {
    return x;
  }
  if (std::count(extents.begin(), extents.end(), unknown) > 1) {
    throw Refusal{"What TF.js has for it needs a Reshape, and more than one of its sizes is None."};
  }
  return call.add(part, "Reshape", {{"target_shape", extents}}, {x});
}

Tensor permute(LayerCall& call, std::string_view part, const Tensor& x,
               const std::vector<std::size_t>& axes) {
  std::vector<std::size_t> same(axes.size());
  std::iota(same.begin(), same.end(), 1);
  return axes == same ? x : call.add(part, "Permute", {{"dims", axes}}, {x});
}

Tensor rescale(LayerCall& call, std::string_view part, const Tensor& x, double scale,
               double offset) {
  return call.add(part, "Rescaling", {{"scale", scale}, {"offset", offset}}, {x});
}

Tensor relu(LayerCall& call, std::string_view part, const Tensor& x,
            std::optional<double> max_value) {
  Json config = Json::object();
  if (max_value) {
    config["max_value"] = *max_value;
  }
  return call.add(part, "ReLU", config, {x});
}

Tensor activation(LayerCall& call, std::string_view part, const Tensor& x,
                  const std::string& name) {
  return call.add(part, "Activation", {{"activation", name}}, {x});
}

Tensor add_up(LayerCall& call, std::string_view part, const Tensor& a, const Tensor& b) {
  return call.add(part, "Add", Json::object(), {a, b});
}

Tensor multiply(LayerCall& call, std::string_view part, const Tensor& a, const Tensor& b) {
  return call.add(part, "Multiply", Json::object(), {a, b});
}

Tensor slice_channels(LayerCall& call, std::string_view part, const Tensor& x, std::int64_t begin,
                      std::int64_t count) {
  const std::string name(part);
  const std::int64_t channels = x.shape.back();
  if (channels == unknown) {
    throw Refusal{"The number of its channels is None."};
  }
  // Told that the channels come first, Cropping2D cuts the last two axes.
  const Json config = {{"cropping", margins_json({{0, 0}, {begin, channels - begin - count}})},
                       {"data_format", "channels_first"}};
  if (x.shape.size() == 4) {
    return call.add(part, "Cropping2D", config, {x});
  }
  Shape extents = without_batch(x.shape);
  extents.pop_back();
  const std::int64_t rows =
      std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, product);
  const Tensor flat = reshape(call, name + "_join", x, {1, rows, channels});
  const Tensor cut = call.add(part, "Cropping2D", config, {flat});
  extents.push_back(count);
  return reshape(call, name + "_split", cut, extents);
}

Tensor concatenate(LayerCall& call, std::string_view part, const std::vector<Tensor>& inputs,
                   std::size_t axis) {
  return call.add(part, "Concatenate", {{"axis", axis}}, inputs);
}

Tensor zero_pad(LayerCall& call, std::string_view part, const Tensor& x,
                const std::vector<Margin>& margins) {
  if (is_nothing(margins)) {
    return x;
  }
  if (margins.size() == 3 && has_several_unknown(x)) {
    return shift_volume(call, part, x, margins, "Conv3DTranspose");
  }
  const auto apply = [](LayerCall& c, const std::string& name, const Tensor& y, const Json& rows,
                        const Json& columns) {
    return c.add(name, "ZeroPadding2D",
                 {{"padding", {rows, columns}}, {"data_format", "channels_last"}}, {y});
  };
  return on_two_axes(call, part, x, margin_values(margins), Json{0, 0}, apply);
}

Tensor crop(LayerCall& call, std::string_view part, const Tensor& x,
            const std::vector<Margin>& margins) {
  if (is_nothing(margins)) {
    return x;
  }
  if (margins.size() == 3 && has_several_unknown(x)) {
    return shift_volume(call, part, x, margins, "Conv3D");
  }
  const auto apply = [](LayerCall& c, const std::string& name, const Tensor& y, const Json& rows,
                        const Json& columns) {
    return c.add(name, "Cropping2D",
                 {{"cropping", {rows, columns}}, {"data_format", "channels_last"}}, {y});
  };
  return on_two_axes(call, part, x, margin_values(margins), Json{0, 0}, apply);
}

Tensor repeat_elements(LayerCall& call, std::string_view part, const Tensor& x,
                       const std::vector<std::int64_t>& factors) {
  if (factors.size() == 3 && has_several_unknown(x)) {
    // Each cell is spread over the stride.
    return call.add(part, "Conv3DTranspose", copying_config(factors, x.shape.back(), factors), {x},
                    {copying_kernel(factors, x.shape.back(), [](std::uint64_t) { return true; })});
  }
  const auto apply = [](LayerCall& c, const std::string& name, const Tensor& y, const Json& rows,
                        const Json& columns) {
    return c.add(
        name, "UpSampling2D",
        {{"size", {rows, columns}}, {"data_format", "channels_last"}, {"interpolation", "nearest"}},
        {y});
  };
  return on_two_axes(call, part, x, Values(factors.begin(), factors.end()), Json(1), apply);
}

Tensor to_channels_last(LayerCall& call, const Tensor& x) {
  std::vector<std::size_t> axes;
  for (std::size_t axis = 2; axis < x.shape.size(); ++axis) {
    axes.push_back(axis);
  }
  axes.push_back(1);
  return permute(call, "channels_last", x, axes);
}

Tensor to_channels_first(LayerCall& call, const Tensor& x) {
  std::vector<std::size_t> axes{x.shape.size() - 1};
  for (std::size_t axis = 1; axis + 1 < x.shape.size(); ++axis) {
    axes.push_back(axis);
  }
  return permute(call, "channels_first", x, axes);
}

Tensor to_2d(LayerCall& call, const Tensor& x) {
  return reshape(call, "to_2d", x, {x.shape[1], 1, x.shape[2]});
}

Tensor from_2d(LayerCall& call, const Tensor& x) {
  return reshape(call, "from_2d", x, {x.shape[1], x.shape[3]});
}

bool is_nothing(const std::vector<Margin>& margins) {
  return std::all_of(margins.begin(), margins.end(),
                     [](const Margin& margin) { return margin == Margin{0, 0}; });
}

Shape without_batch(const Shape& shape) { return {shape.begin() + 1, shape.end()}; }

std::string data_format(const LayerCall& call) {
  return call.arguments().text("data_format", "channels_last");
}

bool is_channels_first(const LayerCall& call) { return data_format(call) == "channels_first"; }

}  // namespace tensorferry::tfjs
