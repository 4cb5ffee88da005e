#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "passes/checked_layout.h"

namespace tensorferry::graph {
namespace {

// Random programs find what examples don't.

class RandomModel {
 public:
  explicit RandomModel(std::uint32_t seed) : builder_(seed) {}

  ModelBuilder& build() {
    const bool nested = pick(4) == 0;
    if (nested) {
      grow(3 + pick(4), 1);
      builder_.nest();
      values_.clear();
    }
    grow(5 + pick(10), 1 + pick(2));
    if (nested) call_nested();
    finish();
    return builder_;
  }

 private:
  std::size_t pick(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(builder_.random());
  }
  ValueId any() { return values_[pick(values_.size())]; }

  void grow(std::size_t steps, std::size_t inputs) {
    static const std::vector<Shape> shapes{{4, 3, 2}, {5, 3},       {6},
                                           {3, 4, 2}, {2, 3, 2, 3}, {1, 4, 3}};
    for (std::size_t i = 0; i < inputs; ++i) {
      values_.push_back(builder_.input("x" + std::to_string(i), shapes[pick(shapes.size())]));
    }
    for (std::size_t i = 0; i < steps; ++i) step();
    if (builder_.program().graphs.size() == 1) builder_.output("last", values_.back());
  }

  void call_nested() {
    const Graph& inner = builder_.program().graphs[0];
    const Shape wanted = inner.values[inner.inputs[0].value].shape;
    for (const ValueId value : std::vector<ValueId>(values_)) {
      if (builder_.shape(value) == wanted) {
        for (const ValueId output : builder_.add_all(CallGraph{0}, {value}))
          values_.push_back(output);
        step();
        return;
      }
    }
  }

  void finish() {
    builder_.output("last", values_.back());
    if (pick(2)) builder_.output("other", any());
  }

  void step() {
    const ValueId x = any();
    const Shape shape = builder_.shape(x);
    const std::size_t rank = shape.size();
    std::size_t elements = 1;
    for (std::size_t i = 1; i < rank; ++i) elements *= static_cast<std::size_t>(shape[i]);
    if (elements > 400 || elements == 0) return;
    const std::size_t axis = 1 + pick(rank - 1);
    switch (pick(19)) {
      case 0:
      case 1:
        if (rank >= 3) values_.push_back(builder_.conv(x, 2 + pick(2), kernel(rank - 2)));
        return;
      case 2:
        values_.push_back(builder_.dense(x, 2 + pick(3)));
        return;
      case 3:
        values_.push_back(builder_.batch_norm(x, pick(2) ? rank - 1 : axis));
        return;
      case 4: {
        std::vector<std::size_t> axes;
        for (std::size_t i = 1; i < rank; ++i) {
          if (pick(2)) axes.push_back(i);
        }
        if (axes.empty()) axes.push_back(rank - 1);
        values_.push_back(builder_.layer_norm(x, axes));
        return;
      }
      case 5:
        values_.push_back(builder_.prelu(x));
        return;
      case 6:
        values_.push_back(builder_.relu(x));
        return;
      case 7:
      case 8:
      case 9:
        if (rank >= 3) values_.push_back(builder_.flatten(x));
        return;
      case 10:
        values_.push_back(builder_.add(Softmax{Softmax::Kind::Softmax, {axis}}, {x}));
        return;
      case 11:
        if (rank >= 3) {
          values_.push_back(
              builder_.add(ReduceAxes{ReduceAxes::Kind::Mean, {axis}, pick(2) == 0}, {x}));
        }
        return;
      case 12: {
        std::vector<std::size_t> axes(rank);
        std::iota(axes.begin(), axes.end(), std::size_t{0});
        std::shuffle(axes.begin() + 1, axes.end(), builder_.random());
        values_.push_back(builder_.add(Permute{axes}, {x}));
        return;
      }
      case 13: {
        const auto first = static_cast<std::int64_t>(elements);
        const std::vector<Shape> choices{{first}, {1, first}, {first, 1}, {1, 1, first}};
        values_.push_back(builder_.add(Reshape{choices[pick(choices.size())]}, {x}));
        return;
      }
      case 14:
        for (const ValueId other : std::vector<ValueId>(values_)) {
          if (other != x && builder_.shape(other) == shape) {
            values_.push_back(builder_.add(Merge{Merge::Kind::Multiply}, {x, other}));
            return;
          }
        }
        values_.push_back(builder_.add(Merge{Merge::Kind::Add}, {x, x}));
        return;
      case 15: {
        const ValueId other = any();
        Shape left = shape;
        Shape right = builder_.shape(other);
        if (left.size() != right.size()) return;
        left[axis] = right[axis] = 0;
        if (left == right) values_.push_back(builder_.add(Concatenate{axis}, {x, other}));
        return;
      }
      case 16: {
        PadAxes pad{std::vector<Pad>(rank), 0.25};
        pad.pads[axis] = {static_cast<std::int64_t>(pick(2)), static_cast<std::int64_t>(pick(3))};
        if (rank >= 3) values_.push_back(builder_.add(pad, {x}));
        return;
      }
      case 17: {
        const ValueId other = any();
        const std::size_t second = 1 + pick(builder_.shape(other).size() - 1);
        if (rank + builder_.shape(other).size() > 7) return;
        if (shape[axis] == builder_.shape(other)[second]) {
          values_.push_back(builder_.add(
              Dot{static_cast<std::int64_t>(axis), static_cast<std::int64_t>(second), pick(2) == 0},
              {x, other}));
        }
        return;
      }
      default: {
        // A batch normalization or dense layer that is called once more.
        shared_call(x, shape);
        return;
      }
    }
  }

  void shared_call(ValueId x, const Shape& shape) {
    for (const Node& node : std::vector<Node>(builder_.graph().nodes)) {
      if (!node.module) continue;
      const auto* dense = std::get_if<Dense>(&node.op);
      if (dense != nullptr && dense->in_features == shape.back()) {
        values_.push_back(builder_.dense(x, dense->out_features, node.module));
        return;
      }
      const auto* norm = std::get_if<BatchNorm>(&node.op);
      if (norm != nullptr && norm->features == shape.back()) {
        values_.push_back(builder_.batch_norm(x, shape.size() - 1, node.module));
        return;
      }
      const auto* prelu = std::get_if<PRelu>(&node.op);
      if (prelu != nullptr && Shape(shape.begin() + 1, shape.end()) == prelu->alpha_shape) {
        values_.push_back(builder_.add(*prelu, {x}, node.module));
        return;
      }
    }
  }

  Shape kernel(std::size_t spatial) {
    Shape sizes;
    for (std::size_t i = 0; i < spatial; ++i)
      sizes.push_back(1 + static_cast<std::int64_t>(pick(3)));
    return sizes;
  }

  ModelBuilder builder_;
  std::vector<ValueId> values_;
};

TEST_CASE("random programs compute the same after the pass") {
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    RandomModel model(seed);
    checked_layout(model.build(), {seed % 5 == 0});
  }
}

}  // namespace
}  // namespace tensorferry::graph
