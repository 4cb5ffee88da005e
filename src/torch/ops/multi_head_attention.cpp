#include <fmt/format.h>

#include <array>

#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using python::keyword;
using python::number;

/// The classes that there are of it.
struct AttentionForm {
  bool grouped = false;  ///< several query heads share one head of key and value
  bool gated = false;    ///< a sigmoid of the query scales what the heads make
  bool fused = false;    ///< by F.scaled_dot_product_attention (torch 2.1), which tells no scores

  std::size_t index() const { return (grouped ? 4U : 0) + (gated ? 2U : 0) + (fused ? 1U : 0); }
};

std::string class_name(const AttentionForm& form) {
  return fmt::format("{}{}", form.gated ? "Gated" : "",
                     form.grouped ? "GroupQueryAttention" : "MultiHeadAttention");
}

constexpr std::string_view multi_head_doc =
    R"(    """Dot-product attention of several heads, between projections; value_dim is a head's.)";
constexpr std::string_view group_query_doc =
    R"(    """Dot-product attention where several query heads share one head of key and value.)";
constexpr std::string_view gate_doc = R"(

    What the heads make is scaled by a sigmoid of the query.
    )";

std::string init_of(const AttentionForm& form) {
  std::string text = "    def __init__(\n        self,\n        features,\n        num_heads,\n";
  text += form.grouped ? "        num_key_value_heads,\n        head_dim,\n"
                       : "        key_dim,\n        value_dim,\n";
  text += "        out_features,\n        bias=True,\n        dropout=0.0,\n";
  if (!form.fused) text += "        blind_is_zero=False,\n";
  text += R"(    ):
        super().__init__()
        query_features, value_features, key_features = features
        self.num_heads = num_heads
)";
  if (form.grouped) text += "        self.num_key_value_heads = num_key_value_heads\n";
  text += "        self.dropout = dropout\n";
  if (!form.fused) {
    text += R"(        self.blind_is_zero = blind_is_zero  # a query that sees no key takes nothing
)";
  }
  if (form.grouped) {
    text += R"(        key_value_dim = num_key_value_heads * head_dim
        self.query = nn.Linear(query_features, num_heads * head_dim, bias=bias)
        self.key = nn.Linear(key_features, key_value_dim, bias=bias)
)";
    if (form.gated) {
      text += "        self.gate = nn.Linear(query_features, num_heads * head_dim, bias=bias)\n";
    }
    text += R"(        self.value = nn.Linear(value_features, key_value_dim, bias=bias)
        self.attention_output = nn.Linear(num_heads * head_dim, out_features, bias=bias)
)";
    return text;
  }
  text += R"(        self.query = nn.Linear(query_features, num_heads * key_dim, bias=bias)
        self.key = nn.Linear(key_features, num_heads * key_dim, bias=bias)
)";
  if (form.gated) {
    text += "        self.gate = nn.Linear(query_features, num_heads * value_dim, bias=bias)\n";
  }
  text += R"(        self.value = nn.Linear(value_features, num_heads * value_dim, bias=bias)
        self.attention_output = nn.Linear(
            num_heads * value_dim, out_features, bias=bias
        )
)";
  return text;
}

constexpr std::string_view multi_head_split = R"(
    def split(self, x):
        """(..., length, heads * dim) to (..., heads, length, dim)."""
        return x.reshape(*x.shape[:-1], self.num_heads, -1).transpose(-3, -2)
)";

constexpr std::string_view group_query_split = R"(
    def split(self, x, heads):
        """(..., length, heads * dim) to (..., num_heads, length, dim)."""
        x = x.reshape(*x.shape[:-1], heads, -1).transpose(-3, -2)
        return x.repeat_interleave(self.num_heads // heads, dim=-3)
)";

std::string forward_of(const AttentionForm& form) {
  std::string text = form.fused ? R"(
    def forward(self, query, value, key=None, mask=None, causal=False):
)"
                                : R"(
    def forward(
        self, query, value, key=None, mask=None, causal=False, return_scores=False
    ):
)";
  if (form.gated) text += "        gate = torch.sigmoid(self.gate(query))\n";
  text += form.grouped ? R"(        key = self.key(value if key is None else key)
        key = self.split(key, self.num_key_value_heads)
        query = self.split(self.query(query), self.num_heads)
        value = self.split(self.value(value), self.num_key_value_heads)
)"
                       : R"(        key = self.split(self.key(value if key is None else key))
        query = self.split(self.query(query))
        value = self.split(self.value(value))
)";
  if (!form.fused) {
    text += "        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5\n";
  }
  text += R"(        dropout = self.dropout if self.training else 0.0
        mask = None if mask is None else mask.unsqueeze(-3)
)";
  text += form.fused ? "        x = dot_product_attend(query, key, value, mask, causal, dropout)\n"
                     : R"(        blind_is_zero = self.blind_is_zero
        x, scores = attend(scores, value, mask, causal, dropout, True, blind_is_zero)
)";
  const std::string_view heads = "x.transpose(-3, -2).flatten(-2)";
  const std::string joined = fmt::format("{}{}", heads, form.gated ? " * gate" : "");
  text += form.fused ? fmt::format("        return self.attention_output({})\n", joined)
                     : fmt::format(R"(        x = self.attention_output({})
        return (x, scores) if return_scores else x
)",
                                   joined);
  return text;
}

Helper helper_of(const AttentionForm& form) {
  std::string source = fmt::format("class {}(nn.Module):\n", class_name(form));
  source += form.grouped ? group_query_doc : multi_head_doc;
  if (form.gated) source += gate_doc;
  source += "\"\"\"\n\n";
  source += init_of(form);
  source += form.grouped ? group_query_split : multi_head_split;
  source += forward_of(form);
  return {class_name(form), source, {&attend_helper(form.fused)}};
}

/// By `AttentionForm::index`.
std::array<Helper, 8> all_helpers() {
  std::array<Helper, 8> helpers;
  for (const bool grouped : {false, true}) {
    for (const bool gated : {false, true}) {
      for (const bool fused : {false, true}) {
        const AttentionForm form{grouped, gated, fused};
        helpers[form.index()] = helper_of(form);
      }
    }
  }
  return helpers;
}

const Helper& attention_class(const AttentionForm& form) {
  static const std::array<Helper, 8> helpers = all_helpers();
  return helpers[form.index()];
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

}  // namespace

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
  const AttentionForm form{grouped, op.gate, helpers.fuses_attention()};
  Declaration declaration;
  declaration.stock = false;
  declaration.constructor = python::call(helpers.use(attention_class(form)), arguments);
  for (const std::string part : {"query", "key", "gate", "value", "attention_output"}) {
    if (part == "gate" && !op.gate) continue;
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

}  // namespace tensorferry::torch
