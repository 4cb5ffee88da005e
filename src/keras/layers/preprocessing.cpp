#include "keras/layers/preprocessing.h"

#include <algorithm>

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

constexpr std::string_view normalization_arguments[] = {"axis", "invert", "mean", "variance"};
constexpr std::string_view rescaling_arguments[] = {"offset", "scale"};

/// keras/src/layers/preprocessing/rescaling.py: lists are broadcast along the last axis.
graph::ValueId lower_rescaling(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  const graph::ValueId input = call.input();
  graph::ScaleOffset scale;
  scale.scale = arguments.number_list("scale");
  scale.offset = arguments.find("offset") == nullptr ? std::vector<double>{0}
                                                     : arguments.number_list("offset");
  scale.axis = call.rank(input) - 1;
  const std::size_t count = std::max(scale.scale.size(), scale.offset.size());
  const graph::Extent extent = call.value(input).shape.back();
  for (const auto* list : {&scale.scale, &scale.offset}) {
    const bool fits = list->size() == 1 ||
                      (list->size() == count && (extent == graph::unknown_extent ||
                                                 extent == static_cast<graph::Extent>(count)));
    if (!fits) throw Refusal{"its scale or offset does not fit the last axis"};
  }
  return call.add(scale, {input});
}

bool has_constants(const Layer& layer) {
  return Arguments(layer.name, layer.config).find("mean") != nullptr;
}

/// `axis: null` is one mean for all.
std::vector<std::int64_t> kept_axes(const Arguments& arguments) {
  if (!arguments.config().contains("axis")) return {-1};
  return arguments.find("axis") == nullptr ? std::vector<std::int64_t>{}
                                           : arguments.integer_list("axis");
}

std::vector<Variable> normalization_variables(const Layer& layer) {
  if (has_constants(layer)) return {};
  const Shape shape(kept_axes(Arguments(layer.name, layer.config)).size(), unknown);
  return {tracked("mean", shape), tracked("variance", shape), {"count", false, Shape{}, true}};
}

/// The numbers of a nested list, row-major, and its shape.
void flatten_numbers(const Arguments& arguments, std::string_view name, const Json& value,
                     std::size_t depth, std::vector<double>& numbers,
                     std::vector<graph::Extent>& shape) {
  if (value.is_number()) {
    if (depth != shape.size()) arguments.mistaken(name, "numbers in a regular shape");
    numbers.push_back(value.get<double>());
    return;
  }
  const Json* items = list_items(value);
  if (items == nullptr || items->empty() || depth > 8) arguments.mistaken(name, "numbers");
  if (depth == shape.size() && numbers.empty()) {
    shape.push_back(static_cast<graph::Extent>(items->size()));
  }
  if (depth >= shape.size() || shape[depth] != static_cast<graph::Extent>(items->size())) {
    arguments.mistaken(name, "numbers in a regular shape");
  }
  for (const Json& item : *items) {
    flatten_numbers(arguments, name, item, depth + 1, numbers, shape);
  }
}

/// A constant of the config broadcast over the kept axes from the right, as Keras does
/// (Normalization.build).
std::vector<double> kept_axes_constant(const Arguments& arguments, std::string_view name,
                                       const std::vector<graph::Extent>& kept) {
  const Json* value = arguments.find(name);
  if (value == nullptr) arguments.mistaken(name, "given where the other one is");
  std::vector<double> numbers;
  std::vector<graph::Extent> shape;
  flatten_numbers(arguments, name, *value, 0, numbers, shape);
  // Keras 2 keeps constants in the shape of the whole input, with extents of 1.
  while (shape.size() > kept.size() && shape.front() == 1) shape.erase(shape.begin());
  if (shape.size() > kept.size()) throw Refusal{"its constants have more axes than it keeps"};
  shape.insert(shape.begin(), kept.size() - shape.size(), 1);

  std::vector<std::size_t> strides(kept.size(), 0);
  std::size_t stride = 1;
  std::size_t total = 1;
  for (std::size_t axis = kept.size(); axis-- > 0;) {
    if (kept[axis] == graph::unknown_extent || (shape[axis] != 1 && shape[axis] != kept[axis])) {
      throw Refusal{"its constants do not fit the axes that it keeps"};
    }
    strides[axis] = shape[axis] == 1 ? 0 : stride;
    stride *= static_cast<std::size_t>(shape[axis]);
    total *= static_cast<std::size_t>(kept[axis]);
  }
  std::vector<double> result(total);
  for (std::size_t position = 0; position < total; ++position) {
    std::size_t rest = position;
    std::size_t source = 0;
    for (std::size_t axis = kept.size(); axis-- > 0;) {
      const auto extent = static_cast<std::size_t>(kept[axis]);
      source += rest % extent * strides[axis];
      rest /= extent;
    }
    result[position] = numbers[source];
  }
  return result;
}

graph::ValueId lower_normalization(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  const graph::ValueId input = call.input();
  graph::Normalize normalize;
  normalize.axes = resolve_axes(kept_axes(arguments), call.rank(input), call.layer().name);
  normalize.invert = arguments.boolean("invert", false);
  std::vector<graph::Extent> kept;
  for (const std::size_t axis : normalize.axes) kept.push_back(call.value(input).shape[axis]);
  if (has_constants(call.layer())) {
    normalize.mean = kept_axes_constant(arguments, "mean", kept);
    normalize.variance = kept_axes_constant(arguments, "variance", kept);
    return call.add(normalize, {input});
  }
  const auto names = numbered_axis_names(normalize.axes);
  const graph::ModuleId module =
      call.module("", {{"mean", "mean", names, kept}, {"variance", "variance", names, kept}});
  return call.add(normalize, {input}, module);
}

}  // namespace

const LayerKind normalization_kind{normalization_arguments, normalization_variables,
                                   lower_normalization, MaskUse::PassesInKeras3};
const LayerKind rescaling_kind{rescaling_arguments, no_variables, lower_rescaling,
                               MaskUse::PassesInKeras3};

}  // namespace tensorferry::keras
