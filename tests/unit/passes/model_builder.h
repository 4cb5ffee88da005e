#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "graph/evaluate.h"
#include "graph/graph.h"
#include "graph/infer.h"

/// Small programs with random weights, in Keras's layout.
namespace tensorferry::graph {

using Shape = std::vector<std::int64_t>;

/// A parameter to be made: role, axes' names, extents.
struct NewParameter {
  std::string role;
  std::vector<std::string> axes;
  Shape shape;
  double low = -1;
  double high = 1;
};

class ModelBuilder {
 public:
  explicit ModelBuilder(std::uint32_t seed) : random_(seed) { program_.graphs.emplace_back(); }

  std::mt19937& random() { return random_; }
  Graph& graph() { return program_.graphs.back(); }
  const Shape& shape(ValueId value) { return graph().values[value].shape; }

  /// The nodes so far are a nested model; a new, outer one begins.
  void nest() {
    program_.graphs.emplace_back();
    program_.root = static_cast<std::uint32_t>(program_.graphs.size() - 1);
  }

  ValueId input(const std::string& name, Shape shape) {
    shape.insert(shape.begin(), unknown_extent);
    Value value;
    value.shape = std::move(shape);
    const ValueId id = add_value(graph(), std::move(value));
    graph().inputs.push_back({name, id});
    graph().nodes.push_back({Input{name}, {}, {id}, std::nullopt, name, false});
    return id;
  }

  void output(const std::string& name, ValueId value) { graph().outputs.push_back({name, value}); }

  ModuleId module(const std::vector<NewParameter>& parameters) {
    Module made;
    made.layer = "layer" + std::to_string(program_.modules.size());
    for (const NewParameter& parameter : parameters) {
      made.parameters.push_back({parameter.role, add_tensor(parameter), parameter.axes, {}});
    }
    program_.modules.push_back(std::move(made));
    return static_cast<ModuleId>(program_.modules.size() - 1);
  }

  std::vector<ValueId> add_all(const Op& op, const std::vector<ValueId>& inputs,
                               std::optional<ModuleId> id = std::nullopt) {
    std::vector<Value> arguments;
    for (const ValueId input : inputs) arguments.push_back(graph().values[input]);
    std::vector<ValueId> outputs;
    for (Value& value : infer(program_, op, arguments)) {
      outputs.push_back(add_value(graph(), std::move(value)));
    }
    const std::string name =
        id ? program_.modules[*id].layer : "node" + std::to_string(graph().nodes.size());
    graph().nodes.push_back({op, inputs, outputs, id, name, false});
    return outputs;
  }

  ValueId add(const Op& op, const std::vector<ValueId>& inputs,
              std::optional<ModuleId> id = std::nullopt) {
    return add_all(op, inputs, id).at(0);
  }

  // Layers with random weights.

  ValueId conv(ValueId x, std::int64_t filters, Shape kernel) {
    const Shape in = shape(x);
    Conv op;
    op.spatial_rank = static_cast<int>(kernel.size());
    op.in_channels = in.back();
    op.out_channels = filters;
    op.kernel_size = kernel;
    op.strides.assign(kernel.size(), 1);
    op.dilations.assign(kernel.size(), 1);
    for (const std::int64_t size : kernel)
      op.padding.pads.push_back(same_pad(unknown_extent, size, 1, 1));
    op.channel_axis = in.size() - 1;
    std::vector<std::string> axes;
    static const char* names[] = {"depth", "height", "width"};
    for (std::size_t i = 0; i < kernel.size(); ++i) axes.push_back(names[3 - kernel.size() + i]);
    axes.insert(axes.end(), {"in", "out"});
    Shape extents = kernel;
    extents.insert(extents.end(), {op.in_channels, filters});
    return add(op, {x}, module({{"kernel", axes, extents}, {"bias", {"out"}, {filters}}}));
  }

  ModuleId dense_module(std::int64_t in, std::int64_t out) {
    return module({{"kernel", {"in", "out"}, {in, out}}, {"bias", {"out"}, {out}}});
  }

  ValueId dense(ValueId x, std::int64_t out, std::optional<ModuleId> shared = std::nullopt) {
    const std::int64_t in = shape(x).back();
    return add(Dense{in, out, true}, {x}, shared ? *shared : dense_module(in, out));
  }

  ModuleId batch_norm_module(std::int64_t features) {
    return module({{"gamma", {"channels"}, {features}},
                   {"beta", {"channels"}, {features}},
                   {"moving_mean", {"channels"}, {features}},
                   {"moving_variance", {"channels"}, {features}, 0.5, 2}});
  }

  ValueId batch_norm(ValueId x, std::size_t axis, std::optional<ModuleId> shared = std::nullopt) {
    const std::int64_t features = shape(x).at(axis);
    BatchNorm op;
    op.axis = axis;
    op.features = features;
    return add(op, {x}, shared ? *shared : batch_norm_module(features));
  }

  ValueId layer_norm(ValueId x, std::vector<std::size_t> axes) {
    LayerNorm op;
    std::vector<std::string> names;
    for (const std::size_t axis : axes) {
      op.extents.push_back(shape(x).at(axis));
      names.push_back("axis" + std::to_string(axis));
    }
    op.axes = std::move(axes);
    return add(op, {x}, module({{"gamma", names, op.extents}, {"beta", names, op.extents}}));
  }

  ValueId prelu(ValueId x) {
    PRelu op;
    std::vector<std::string> names;
    for (std::size_t axis = 1; axis < shape(x).size(); ++axis) {
      op.alpha_shape.push_back(shape(x)[axis]);
      names.push_back("axis" + std::to_string(axis));
    }
    return add(op, {x}, module({{"alpha", names, op.alpha_shape}}));
  }

  ValueId relu(ValueId x) { return add(Unary{UnaryKind::Relu, 0, 0, 0}, {x}); }
  ValueId flatten(ValueId x) { return add(Flatten{}, {x}); }

  const Program& program() const { return program_; }

 private:
  std::uint32_t add_tensor(const NewParameter& parameter) {
    tensor::TensorRef tensor;
    tensor.name = "t" + std::to_string(program_.tensors.size());
    std::size_t count = 1;
    for (const std::int64_t extent : parameter.shape) {
      tensor.shape.push_back(static_cast<std::uint64_t>(extent));
      count *= static_cast<std::size_t>(extent);
    }
    std::uniform_real_distribution<float> numbers(static_cast<float>(parameter.low),
                                                  static_cast<float>(parameter.high));
    std::vector<float> values(count);
    for (float& value : values) value = numbers(random_);
    tensor::Inline storage;
    storage.bytes.resize(count * sizeof(float));
    std::memcpy(storage.bytes.data(), values.data(), storage.bytes.size());
    tensor.storage = std::move(storage);
    program_.tensors.push_back(std::move(tensor));
    return static_cast<std::uint32_t>(program_.tensors.size() - 1);
  }

  Program program_;
  std::mt19937 random_;
};

inline Array load_inline(const tensor::TensorRef& tensor) {
  Array array;
  array.shape = tensor.shape;
  const std::vector<std::byte>& bytes = std::get<tensor::Inline>(tensor.storage).bytes;
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  array.data.assign(values.begin(), values.end());
  return array;
}

}  // namespace tensorferry::graph
