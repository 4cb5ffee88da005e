#include <fmt/format.h>

#include "torch/identifier.h"
#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

const Helper not_converted{"NotConverted",
                           R"(class NotConverted(nn.Module):
    """Stands for a layer that could not be converted; it keeps that layer's weights."""

    def __init__(self, layer, **weights):
        super().__init__()
        self.layer = layer
        for name, value in weights.items():
            self.register_buffer(name, value)

    def forward(self, *inputs):
        raise NotImplementedError(self.layer)
)"};

const Helper constant{"Constant",
                      R"(class Constant(nn.Module):
    """A tensor that the model holds and that is not trained."""

    def __init__(self, value):
        super().__init__()
        self.register_buffer("value", value)

    def forward(self):
        return self.value
)"};

// torch has no other unsigned dtype than uint8 in 1.13.
Expression empty_tensor(const tensor::TensorRef& tensor) {
  std::vector<std::int64_t> shape(tensor.shape.begin(), tensor.shape.end());
  std::vector<Expression> arguments{python::tuple_of(shape)};
  if (tensor.dtype != tensor::DType::Float32) {
    arguments.push_back(
        python::keyword("dtype", python::atom(fmt::format("torch.{}", dtype_name(tensor.dtype)))));
  }
  return python::call("torch.empty", arguments);
}

}  // namespace

Declaration declare_stub(const graph::Unsupported& op, const Site& site, Helpers& helpers) {
  Declaration declaration;
  declaration.stock = false;
  std::vector<Expression> arguments{python::string(
      fmt::format("layer {} ({}) was not converted", site.node.layer, op.class_name))};
  if (site.node.module) {
    Scope names({"self", "layer", "weights"});
    for (const graph::Parameter& parameter : site.module().parameters) {
      const tensor::TensorRef& tensor = site.program.tensors[parameter.tensor];
      const std::string name = names.identifier(parameter.role);
      arguments.push_back(python::keyword(name, empty_tensor(tensor)));
      declaration.state.push_back({name, stored_weight(tensor)});
    }
  }
  declaration.constructor = python::call(helpers.use(not_converted), arguments);
  return declaration;
}

Declaration declare_constant(const Site& site, Helpers& helpers) {
  Declaration declaration;
  declaration.stock = false;
  declaration.constructor =
      python::call(helpers.use(constant), {empty_tensor(site.tensor("value"))});
  declaration.state.push_back({"value", stored_weight(site.tensor("value"))});
  return declaration;
}

}  // namespace tensorferry::torch
