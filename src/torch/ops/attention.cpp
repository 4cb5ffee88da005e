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

const Helper attend_by_scores{
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

const Helper band{"band",
                  R"(def band(query, key, window):
    """Whether a query sees a key: those of less than `window` steps before and behind it."""
    steps = torch.arange(query.shape[-2], device=query.device)[:, None]
    steps = steps - torch.arange(key.shape[-2], device=query.device)
    return steps.abs() < window
)"};

// Without a mask torch takes the causal one from a flag alone.
const Helper attend_fused{
    "dot_product_attend",
    R"(def dot_product_attend(query, key, value, mask, causal, dropout, scale=None):
    """Dot-product attention; a query that sees no key takes all alike."""
    if mask is not None:
        if causal:
            sizes = (query.shape[-2], key.shape[-2])
            mask = mask & torch.ones(sizes, dtype=torch.bool, device=mask.device).tril()
        # Numbers instead of booleans, of which torch makes NaN where no key is seen.
        unseen = torch.finfo(query.dtype).min
        mask = torch.zeros_like(mask, dtype=query.dtype).masked_fill(~mask, unseen)
    causal = causal and mask is None
    return F.scaled_dot_product_attention(
        query, key, value, mask, dropout, causal, scale=scale
    )
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
                                   {&attend_by_scores}};

const Helper fused_dot_product_attention{"DotProductAttention",
                                         R"(class DotProductAttention(nn.Module):
    """Each query with each key: their dot product."""

    def __init__(self, scaled=False, dropout=0.0):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(())) if scaled else None
        self.dropout = dropout

    def forward(self, query, value, key=None, mask=None, causal=False):
        key = value if key is None else key
        if self.scale is not None:
            query = query * self.scale
        dropout = self.dropout if self.training else 0.0
        return dot_product_attend(query, key, value, mask, causal, dropout, scale=1.0)
)",
                                         {&attend_fused}};

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
                              {&attend_by_scores}};

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
                                {&attend_by_scores}};

std::vector<std::int64_t> signed_shape(const tensor::Shape& shape) {
  return {shape.begin(), shape.end()};
}

/// What a query sees of the keys, but for `causal`.
std::optional<Expression> mask_of(const Attending& how, Call& call) {
  std::optional<Expression> mask;
  if (how.masked) mask = python::atom(call.name(3));
  if (how.window == 0) return mask;
  const Expression near = python::call(
      call.helpers.use(band),
      {python::atom(call.name(0)), python::atom(call.name(1)), python::number(how.window)});
  return mask ? python::operators("&", {*mask, near}) : near;
}

}  // namespace

const Helper& attend_helper(bool fused) { return fused ? attend_fused : attend_by_scores; }

void add_dropout(std::vector<Expression>& arguments, double dropout) {
  if (dropout != 0) arguments.push_back(keyword("dropout", number(dropout)));
}

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
      helper = helpers.fuses_attention() ? &fused_dot_product_attention : &dot_product_attention;
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

Expression call_attention(const Attending& how, Call& call) {
  std::vector<Expression> arguments{python::atom(call.name(0)), python::atom(call.name(1))};
  const std::vector<graph::ValueId>& inputs = call.site.node.inputs;
  if (inputs.at(1) != inputs.at(2)) arguments.push_back(python::atom(call.name(2)));
  if (const auto mask = mask_of(how, call)) arguments.push_back(keyword("mask", *mask));
  if (how.causal) arguments.push_back(keyword("causal", python::boolean(true)));
  if (how.return_scores) arguments.push_back(keyword("return_scores", python::boolean(true)));
  return python::call(call.self, arguments);
}

}  // namespace tensorferry::torch
