#include "torch/ops/spelling.h"

#include <algorithm>

#include "io/error.h"
#include "io/overloaded.h"
#include "torch/ops/functions.h"

namespace tensorferry::torch {

const std::string& Helpers::use(const Helper& helper) {
  if (std::find(used_.begin(), used_.end(), &helper) == used_.end()) {
    for (const Helper* needed : helper.needs) use(*needed);
    used_.push_back(&helper);
  }
  return helper.name;
}

const graph::Parameter& Site::parameter(const std::string& role) const {
  const graph::Parameter* found = graph::find_parameter(module(), role);
  if (found == nullptr) {
    throw io::Error(io::ErrorCode::WeightMissing,
                    "Layer " + node.layer + " has no weight called \"" + role + "\".");
  }
  return *found;
}

const tensor::TensorRef& Site::tensor(const std::string& role) const {
  return program.tensors.at(parameter(role).tensor);
}

std::string Call::name(std::size_t i) {
  Expression& input = inputs.at(i);
  if (input.kind != Expression::Kind::Atom) input = let(input);
  return input.text;
}

std::optional<Declaration> declare(const std::vector<Site>& sites, Helpers& helpers) {
  using Result = std::optional<Declaration>;
  const Site& site = sites.front();
  return std::visit(
      io::overloaded{
          [](const graph::Input&) -> Result { return std::nullopt; },
          [&](const graph::Constant&) -> Result { return declare_constant(site, helpers); },
          [&](const graph::Conv& op) -> Result { return declare_conv(op, sites); },
          [&](const graph::LocallyConnected& op) -> Result {
            return declare_locally_connected(op, site, helpers);
          },
          [&](const graph::Dense& op) -> Result { return declare_dense(op, site); },
          [&](const graph::BatchNorm& op) -> Result { return declare_batch_norm(op, site); },
          [&](const graph::LayerNorm& op) -> Result {
            return declare_layer_norm(op, site, helpers);
          },
          [&](const graph::GroupNorm& op) -> Result { return declare_group_norm(op, site); },
          [](const graph::UnitNorm&) -> Result { return std::nullopt; },
          [&](const graph::Pool& op) -> Result { return declare_pool(op, sites); },
          [](const graph::ReduceAxes&) -> Result { return std::nullopt; },
          [](const graph::Unary&) -> Result { return std::nullopt; },
          [](const graph::Softmax&) -> Result { return std::nullopt; },
          [](const graph::Glu&) -> Result { return std::nullopt; },
          [&](const graph::PRelu& op) -> Result { return declare_prelu(op, site, helpers); },
          [](const graph::Flatten&) -> Result { return std::nullopt; },
          [](const graph::Reshape&) -> Result { return std::nullopt; },
          [](const graph::Permute&) -> Result { return std::nullopt; },
          [](const graph::RepeatVector&) -> Result { return std::nullopt; },
          [](const graph::PadAxes&) -> Result { return std::nullopt; },
          [&](const graph::Upsample& op) -> Result { return declare_upsample(op); },
          [&](const graph::EinsumDense& op) -> Result {
            return declare_einsum_dense(op, site, helpers);
          },
          [&](const graph::Attention& op) -> Result {
            return declare_attention(op, site, helpers);
          },
          [&](const graph::MultiHeadAttention& op) -> Result {
            return declare_multi_head_attention(op, site, helpers);
          },
          [&](const graph::Embedding& op) -> Result { return declare_embedding(op, site); },
          [&](const graph::ReverseEmbedding& op) -> Result {
            return declare_reverse_embedding(op, site);
          },
          [](const graph::Merge&) -> Result { return std::nullopt; },
          [](const graph::Concatenate&) -> Result { return std::nullopt; },
          [](const graph::Dot&) -> Result { return std::nullopt; },
          [&](const graph::ScaleOffset& op) -> Result {
            return declare_scale_offset(op, site, helpers);
          },
          [&](const graph::Normalize& op) -> Result {
            return declare_normalize(op, site, helpers);
          },
          [&](const graph::ChannelScale& op) -> Result {
            return declare_channel_scale(op, site, helpers);
          },
          [&](const graph::Dropout& op) -> Result { return declare_dropout(op, helpers); },
          [](const graph::Cast&) -> Result { return std::nullopt; },
          [&](const graph::Literal& op) -> Result { return declare_literal(op, helpers); },
          [](const graph::Function&) -> Result { return std::nullopt; },
          [&](const graph::Recurrent& op) -> Result {
            return declare_recurrent(op, site, helpers);
          },
          [&](const graph::ConvRecurrent& op) -> Result {
            return declare_conv_recurrent(op, site, helpers);
          },
          [](const graph::NotEqualTo&) -> Result { return std::nullopt; },
          [](const graph::ApplyMask&) -> Result { return std::nullopt; },
          [](const graph::MaskedMean&) -> Result { return std::nullopt; },
          [](const graph::FoldTime&) -> Result { return std::nullopt; },
          [](const graph::UnfoldTime&) -> Result { return std::nullopt; },
          [](const graph::Identity&) -> Result { return std::nullopt; },
          [](const graph::CallGraph&) -> Result { return std::nullopt; },
          [&](const graph::Unsupported& op) -> Result { return declare_stub(op, site, helpers); },
      },
      site.node.op);
}

namespace {

Expression call_module(Call& call) { return python::call(call.self, call.inputs); }

Expression call_cast(const graph::Cast& cast, Call& call) {
  return python::call(call.name() + ".to",
                      {python::atom("torch." + std::string(dtype_name(cast.to)))});
}

}  // namespace

Expression spell(Call& call) {
  return std::visit(
      io::overloaded{
          [&](const graph::Input&) { return call.input(); },
          [&](const graph::Constant&) { return call_module(call); },
          [&](const graph::Conv& op) { return call_conv(op, call); },
          [&](const graph::LocallyConnected&) { return call_module(call); },
          [&](const graph::Dense&) { return call_module(call); },
          [&](const graph::BatchNorm&) { return call_batch_norm(call, call.alike); },
          [&](const graph::LayerNorm&) { return call_module(call); },
          [&](const graph::GroupNorm&) { return call_module(call); },
          [&](const graph::UnitNorm& op) { return call_unit_norm(op, call); },
          [&](const graph::Pool& op) { return call_pool(op, call); },
          [&](const graph::ReduceAxes& op) { return call_reduce(op, call); },
          [&](const graph::Unary& op) { return call_unary(op, call); },
          [&](const graph::Softmax& op) { return call_softmax(op, call); },
          [&](const graph::Glu& op) { return call_glu(op, call); },
          [&](const graph::PRelu&) { return call_module(call); },
          [&](const graph::Flatten&) {
            return python::call(
                "torch.flatten",
                {call.input(), python::keyword("start_dim", python::number(std::int64_t{1}))});
          },
          [&](const graph::Reshape& op) { return call_reshape(op, call); },
          [&](const graph::Permute& op) { return call_permute(op, call); },
          [&](const graph::RepeatVector& op) { return call_repeat_vector(op, call); },
          [&](const graph::PadAxes& op) { return call_pad(op, call); },
          [&](const graph::Upsample& op) { return call_upsample(op, call); },
          [&](const graph::EinsumDense&) { return call_module(call); },
          [&](const graph::Attention& op) {
            return call_attention({op.masked, 0, op.causal, op.return_scores}, call);
          },
          [&](const graph::MultiHeadAttention& op) {
            return call_attention({op.masked, op.window, op.causal, op.return_scores}, call);
          },
          [&](const graph::Embedding&) { return call_embedding(call); },
          [&](const graph::ReverseEmbedding&) { return call_reverse_embedding(call); },
          [&](const graph::Merge& op) { return call_merge(op, call); },
          [&](const graph::Concatenate& op) { return call_concatenate(op, call); },
          [&](const graph::Dot& op) { return call_dot(op, call); },
          [&](const graph::ScaleOffset& op) { return call_scale_offset(op, call); },
          [&](const graph::Normalize&) { return call_module(call); },
          [&](const graph::ChannelScale&) { return call_module(call); },
          [&](const graph::Dropout&) { return call_module(call); },
          [&](const graph::Cast& op) { return call_cast(op, call); },
          [&](const graph::Literal&) { return call_module(call); },
          [&](const graph::Function& op) { return call_function(op, call); },
          // Written by forward.cpp, as it makes several values.
          [&](const graph::Recurrent&) { return call_module(call); },
          [&](const graph::ConvRecurrent& op) { return call_conv_recurrent(op, call); },
          [&](const graph::NotEqualTo& op) { return call_not_equal_to(op, call); },
          [&](const graph::ApplyMask&) { return call_apply_mask(call); },
          [&](const graph::MaskedMean& op) { return call_masked_mean(op, call); },
          [&](const graph::FoldTime&) { return call_fold_time(call); },
          [&](const graph::UnfoldTime& op) { return call_unfold_time(op, call); },
          [&](const graph::Identity&) { return call.input(); },
          [&](const graph::CallGraph&) { return call_module(call); },
          [&](const graph::Unsupported&) { return call_module(call); },
      },
      call.site.node.op);
}

std::optional<Expression> stock_module(const Site& site) {
  using Result = std::optional<Expression>;
  if (const auto* unary = std::get_if<graph::Unary>(&site.node.op)) return module_unary(*unary);
  if (const auto* softmax = std::get_if<graph::Softmax>(&site.node.op)) {
    return module_softmax(*softmax);
  }
  if (const auto* pad = std::get_if<graph::PadAxes>(&site.node.op)) return module_pad(*pad);
  if (std::holds_alternative<graph::Flatten>(site.node.op)) {
    return Result(python::call("nn.Flatten", {}));
  }
  if (std::holds_alternative<graph::Identity>(site.node.op)) {
    return Result(python::call("nn.Identity", {}));
  }
  return std::nullopt;
}

}  // namespace tensorferry::torch
