#include <fmt/format.h>

#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using python::keyword;
using python::number;

const Helper einsum_dense{"EinsumDense",
                          R"(class EinsumDense(nn.Module):
    """torch.einsum of x and a weight, and a bias that broadcasts."""

    def __init__(self, equation, weight_shape, bias_shape=None):
        super().__init__()
        self.equation = equation
        self.weight = nn.Parameter(torch.zeros(weight_shape))
        self.bias = None
        if bias_shape is not None:
            self.bias = nn.Parameter(torch.zeros(bias_shape))

    def forward(self, x):
        x = torch.einsum(self.equation, x, self.weight)
        return x if self.bias is None else x + self.bias
)"};

const Helper attend{
    "attend",
    R"(def attend(scores, value, mask, causal, dropout, return_scores, blind_is_zero=False):
    """Softmax of the scores (..., queries, keys), times value (..., keys, features)."""
    if causal:
        earlier = torch.ones_like(scores, dtype=torch.bool).tril()
        mask = earlier if mask is None else mask & earlier
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    scores = F.softmax(scores, dim=-1)
    if blind_is_zero and mask is not None:
        scores = scores * mask.any(dim=-1, keepdim=True)
    x = F.dropout(scores, dropout, training=dropout > 0) @ value
    return (x, scores) if return_scores else x
)"};

const Helper dot_product_attention{"DotProductAttention",
                                   R"(class DotProductAttention(nn.Module):
    """Each query with each key: their dot product."""

    def __init__(self, scaled=False, dropout=0.0):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(())) if scaled else None
        self.dropout = dropout

    def forward(
        self, query, value, key=None, mask=None, causal=False, return_scores=False
    ):
        key = value if key is None else key
        scores = query @ key.transpose(-2, -1)
        if self.scale is not None:
            scores = scores * self.scale
        dropout = self.dropout if self.training else 0.0
        return attend(scores, value, mask, causal, dropout, return_scores)
)",
                                   {&attend}};

const Helper concat_attention{"ConcatAttention",
                              R"(class ConcatAttention(nn.Module):
    """Each query with each key: the sum of tanh(query + key)."""

    def __init__(self, scaled=False, dropout=0.0):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(())) if scaled else None
        self.weight = nn.Parameter(torch.ones(()))
        self.dropout = dropout

    def forward(
        self, query, value, key=None, mask=None, causal=False, return_scores=False
    ):
        key = value if key is None else key
        both = query.unsqueeze(-2) + key.unsqueeze(-3)
        if self.scale is not None:
            both = both * self.scale
        scores = self.weight * torch.tanh(both).sum(dim=-1)
        dropout = self.dropout if self.training else 0.0
        return attend(scores, value, mask, causal, dropout, return_scores)
)",
                              {&attend}};

const Helper additive_attention{"AdditiveAttention",
                                R"(class AdditiveAttention(nn.Module):
    """Each query with each key: the weighted sum of tanh(query + key)."""

    def __init__(self, features=None, dropout=0.0):
        super().__init__()
        self.scale = None if features is None else nn.Parameter(torch.ones(features))
        self.dropout = dropout

    def forward(
        self, query, value, key=None, mask=None, causal=False, return_scores=False
    ):
        key = value if key is None else key
        both = torch.tanh(query.unsqueeze(-2) + key.unsqueeze(-3))
        if self.scale is not None:
            both = both * self.scale
        dropout = self.dropout if self.training else 0.0
        return attend(both.sum(dim=-1), value, mask, causal, dropout, return_scores)
)",
                                {&attend}};

const Helper multi_head_attention{"MultiHeadAttention",
                                  R"(class MultiHeadAttention(nn.Module):
    """Dot-product attention of several heads, between projections; value_dim is a head's."""

    def __init__(
        self,
        features,
        num_heads,
        key_dim,
        value_dim,
        out_features,
        bias=True,
        dropout=0.0,
        blind_is_zero=False,
    ):
        super().__init__()
        query_features, value_features, key_features = features
        self.num_heads = num_heads
        self.dropout = dropout
        self.blind_is_zero = blind_is_zero  # a query that sees no key takes nothing
        self.query = nn.Linear(query_features, num_heads * key_dim, bias=bias)
        self.key = nn.Linear(key_features, num_heads * key_dim, bias=bias)
        self.value = nn.Linear(value_features, num_heads * value_dim, bias=bias)
        self.attention_output = nn.Linear(
            num_heads * value_dim, out_features, bias=bias
        )

    def split(self, x):
        """(..., length, heads * dim) to (..., heads, length, dim)."""
        return x.reshape(*x.shape[:-1], self.num_heads, -1).transpose(-3, -2)

    def forward(
        self, query, value, key=None, mask=None, causal=False, return_scores=False
    ):
        key = self.split(self.key(value if key is None else key))
        query = self.split(self.query(query))
        value = self.split(self.value(value))
        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
        dropout = self.dropout if self.training else 0.0
        mask = None if mask is None else mask.unsqueeze(-3)
        blind_is_zero = self.blind_is_zero
        x, scores = attend(scores, value, mask, causal, dropout, True, blind_is_zero)
        x = self.attention_output(x.transpose(-3, -2).flatten(-2))
        return (x, scores) if return_scores else x
)",
                                  {&attend}};

const Helper group_query_attention{"GroupQueryAttention",
                                   R"(class GroupQueryAttention(nn.Module):
    """Dot-product attention where several query heads share one head of key and value."""

    def __init__(
        self,
        features,
        num_heads,
        num_key_value_heads,
        head_dim,
        out_features,
        bias=True,
        dropout=0.0,
        blind_is_zero=False,
    ):
        super().__init__()
        query_features, value_features, key_features = features
        self.num_heads = num_heads
        self.num_key_value_heads = num_key_value_heads
        self.dropout = dropout
        self.blind_is_zero = blind_is_zero  # a query that sees no key takes nothing
        key_value_dim = num_key_value_heads * head_dim
        self.query = nn.Linear(query_features, num_heads * head_dim, bias=bias)
        self.key = nn.Linear(key_features, key_value_dim, bias=bias)
        self.value = nn.Linear(value_features, key_value_dim, bias=bias)
        self.attention_output = nn.Linear(num_heads * head_dim, out_features, bias=bias)

    def split(self, x, heads):
        """(..., length, heads * dim) to (..., num_heads, length, dim)."""
        x = x.reshape(*x.shape[:-1], heads, -1).transpose(-3, -2)
        return x.repeat_interleave(self.num_heads // heads, dim=-3)

    def forward(
        self, query, value, key=None, mask=None, causal=False, return_scores=False
    ):
        key = self.key(value if key is None else key)
        key = self.split(key, self.num_key_value_heads)
        query = self.split(self.query(query), self.num_heads)
        value = self.split(self.value(value), self.num_key_value_heads)
        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
        dropout = self.dropout if self.training else 0.0
        mask = None if mask is None else mask.unsqueeze(-3)
        blind_is_zero = self.blind_is_zero
        x, scores = attend(scores, value, mask, causal, dropout, True, blind_is_zero)
        x = self.attention_output(x.transpose(-3, -2).flatten(-2))
        return (x, scores) if return_scores else x
)",
                                   {&attend}};

void add_dropout(std::vector<Expression>& arguments, double dropout) {
  if (dropout != 0) arguments.push_back(keyword("dropout", number(dropout)));
}

/// The kernel (in, heads, dim) of a projection as nn.Linear's (heads · dim, in).
Weight projection_weight(const tensor::TensorRef& kernel) {
  std::vector<std::size_t> axes;
  std::uint64_t out = 1;
  for (std::size_t axis = 1; axis < kernel.shape.size(); ++axis) {
    axes.push_back(axis);
    out *= kernel.shape[axis];
  }
  axes.push_back(0);
  return permuted_weight(kernel, axes, {out, kernel.shape[0]});
}

/// The kernel (heads, dim, out…) of the last projection as (out, heads · dim).
Weight output_weight(const tensor::TensorRef& kernel) {
  std::vector<std::size_t> axes;
  std::uint64_t out = 1;
  for (std::size_t axis = 2; axis < kernel.shape.size(); ++axis) {
    axes.push_back(axis);
    out *= kernel.shape[axis];
  }
  axes.insert(axes.end(), {0, 1});
  return permuted_weight(kernel, axes, {out, kernel.shape[0] * kernel.shape[1]});
}

Weight flat_weight(const tensor::TensorRef& bias) {
  std::vector<std::size_t> axes;
  for (std::size_t axis = 0; axis < bias.shape.size(); ++axis) axes.push_back(axis);
  return permuted_weight(bias, axes, {tensor::element_count(bias.shape)});
}

std::vector<std::int64_t> signed_shape(const tensor::Shape& shape) {
  return {shape.begin(), shape.end()};
}

}  // namespace

Declaration declare_einsum_dense(const graph::EinsumDense& op, const Site& site, Helpers& helpers) {
  Declaration declaration;
  declaration.stock = false;
  std::vector<Expression> arguments{python::string(op.equation), python::tuple_of(op.kernel_shape)};
  declaration.state.push_back({"weight", stored_weight(site.tensor("kernel"))});
  if (op.bias) {
    arguments.push_back(python::tuple_of(signed_shape(site.tensor("bias").shape)));
    declaration.state.push_back({"bias", stored_weight(site.tensor("bias"))});
  }
  declaration.constructor = python::call(helpers.use(einsum_dense), arguments);
  return declaration;
}

Declaration declare_attention(const graph::Attention& op, const Site& site, Helpers& helpers) {
  Declaration declaration;
  declaration.stock = false;
  std::vector<Expression> arguments;
  if (op.scale) declaration.state.push_back({"scale", stored_weight(site.tensor("scale"))});
  const bool additive = op.score == graph::Attention::Score::Additive;
  if (op.scale && additive) {
    const tensor::Shape& shape = site.tensor("scale").shape;
    arguments.push_back(keyword("features", number(static_cast<std::int64_t>(shape.at(0)))));
  } else if (op.scale) {
    arguments.push_back(keyword("scaled", python::boolean(true)));
  }
  add_dropout(arguments, op.dropout);
  const Helper* helper = nullptr;
  switch (op.score) {
    case graph::Attention::Score::Dot:
      helper = &dot_product_attention;
      break;
    case graph::Attention::Score::Concat:
      helper = &concat_attention;
      declaration.state.push_back({"weight", stored_weight(site.tensor("weight"))});
      break;
    case graph::Attention::Score::Additive:
      helper = &additive_attention;
      break;
  }
  declaration.constructor = python::call(helpers.use(*helper), arguments);
  return declaration;
}

Declaration declare_multi_head_attention(const graph::MultiHeadAttention& op, const Site& site,
                                         Helpers& helpers) {
  const bool grouped = op.heads != op.key_value_heads;
  std::vector<Expression> arguments{
      python::tuple_of({op.query_features, op.value_features, op.key_features}),
      keyword("num_heads", number(op.heads))};
  if (grouped) {
    arguments.push_back(keyword("num_key_value_heads", number(op.key_value_heads)));
    arguments.push_back(keyword("head_dim", number(op.key_dim)));
  } else {
    arguments.push_back(keyword("key_dim", number(op.key_dim)));
    arguments.push_back(keyword("value_dim", number(op.value_dim)));
  }
  arguments.push_back(keyword("out_features", number(op.out_features)));
  if (!op.bias) arguments.push_back(keyword("bias", python::boolean(false)));
  add_dropout(arguments, op.dropout);
  if (op.blind_is_zero) arguments.push_back(keyword("blind_is_zero", python::boolean(true)));
  Declaration declaration;
  declaration.stock = false;
  declaration.constructor =
      python::call(helpers.use(grouped ? group_query_attention : multi_head_attention), arguments);
  for (const std::string part : {"query", "key", "value", "attention_output"}) {
    const tensor::TensorRef& kernel = site.tensor(part + "/kernel");
    declaration.state.push_back({part + ".weight", part == "attention_output"
                                                       ? output_weight(kernel)
                                                       : projection_weight(kernel)});
    if (op.bias) {
      declaration.state.push_back({part + ".bias", flat_weight(site.tensor(part + "/bias"))});
    }
  }
  return declaration;
}

Expression call_attention(const Attending& how, Call& call) {
  std::vector<Expression> arguments{python::atom(call.name(0)), python::atom(call.name(1))};
  const std::vector<graph::ValueId>& inputs = call.site.node.inputs;
  if (inputs.at(1) != inputs.at(2)) arguments.push_back(python::atom(call.name(2)));
  if (how.masked) arguments.push_back(keyword("mask", python::atom(call.name(3))));
  if (how.causal) arguments.push_back(keyword("causal", python::boolean(true)));
  if (how.return_scores) arguments.push_back(keyword("return_scores", python::boolean(true)));
  return python::call(call.self, arguments);
}

}  // namespace tensorferry::torch
