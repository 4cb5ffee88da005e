#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "torch/python.h"
#include "torch/weight.h"

/// How an op is spelled in PyTorch. One file a family; a family answers three questions: what a
/// layer declares in `__init__` and which tensors that holds (`declare_…`), how `forward` calls it
/// (`call_…`), and which stock module it is when nothing is to be keyed (`module_…`).
namespace tensorferry::torch {

using python::Expression;

/// A small class or function that model.py defines for itself, where torch 1.13 has none.
struct Helper {
  std::string name;
  std::string source;                     ///< as black formats it
  std::vector<const Helper*> needs = {};  ///< defined before it
};

/// The helpers that a file uses, in the order of their definitions.
class Helpers {
 public:
  /// `fuses_attention`: the file may use F.scaled_dot_product_attention.
  explicit Helpers(bool fuses_attention = false) : fuses_attention_(fuses_attention) {}

  /// Its name, to be called.
  const std::string& use(const Helper& helper);
  const std::vector<const Helper*>& used() const { return used_; }
  bool fuses_attention() const { return fuses_attention_; }

 private:
  std::vector<const Helper*> used_;
  bool fuses_attention_ = false;
};

/// A node where it stands.
struct Site {
  const graph::Program& program;
  const graph::Graph& graph;
  const graph::Node& node;

  const graph::Value& input(std::size_t i = 0) const { return graph.values[node.inputs.at(i)]; }
  const graph::Value& output() const { return graph.values[node.outputs.at(0)]; }
  std::size_t rank() const { return input().shape.size(); }
  const graph::Module& module() const { return program.modules[node.module.value()]; }
  const graph::Parameter& parameter(const std::string& role) const;
  const tensor::TensorRef& tensor(const std::string& role) const;
};

/// One tensor of a declared module.
struct State {
  std::string name;  ///< "weight"
  Weight weight;
};

/// What stands in `__init__`: `self.<name> = constructor`.
struct Declaration {
  Expression constructor;
  std::vector<State> state;           ///< in the order of the module's state_dict
  std::vector<std::string> constant;  ///< parameters that Keras does not have: never trained
  bool stock = true;                  ///< exactly one module of torch 1.13
};

/// A call that is being written in `forward`.
struct Call {
  const Site& site;
  std::vector<Expression> inputs;
  std::string self;   ///< "self.conv1"; empty where nothing is declared
  bool alike = true;  ///< all calls of the layer are the same op on values of one rank
  Helpers& helpers;
  std::function<Expression(Expression)> let;  ///< writes a statement; the variable that holds it

  /// The input as a name, so that it can be said twice or have a method called.
  std::string name(std::size_t i = 0);
  Expression input(std::size_t i = 0) const { return inputs.at(i); }
};

/// What the layer called at `sites` (all its calls) declares; none: it is only a function.
std::optional<Declaration> declare(const std::vector<Site>& sites, Helpers& helpers);
/// The value that the call makes.
Expression spell(Call& call);
/// The stock module that does what this op does, for an nn.Sequential; none: there is none.
std::optional<Expression> stock_module(const Site& site);

// convolution.cpp
Declaration declare_conv(const graph::Conv& conv, const std::vector<Site>& sites);
Expression call_conv(const graph::Conv& conv, Call& call);

// dense.cpp
Declaration declare_dense(const graph::Dense& dense, const Site& site);
Declaration declare_embedding(const graph::Embedding& embedding, const Site& site);
Expression call_embedding(Call& call);
/// Both ops may be calls of one layer, which is an Embedding.
Declaration declare_reverse_embedding(const graph::ReverseEmbedding& embedding, const Site& site);
Expression call_reverse_embedding(Call& call);

// attention.cpp
/// softmax(scores) · value, or with `fused` of query and key, without telling the scores.
const Helper& attend_helper(bool fused);
void add_dropout(std::vector<Expression>& arguments, double dropout);
Declaration declare_einsum_dense(const graph::EinsumDense& op, const Site& site, Helpers& helpers);
Declaration declare_attention(const graph::Attention& op, const Site& site, Helpers& helpers);
/// Of both attentions.
struct Attending {
  bool masked = false;
  std::int64_t window = 0;
  bool causal = false;
  bool return_scores = false;
};
Expression call_attention(const Attending& how, Call& call);

// multi_head_attention.cpp
Declaration declare_multi_head_attention(const graph::MultiHeadAttention& op, const Site& site,
                                         Helpers& helpers);

// normalization.cpp
Declaration declare_batch_norm(const graph::BatchNorm& norm, const Site& site);
Expression call_batch_norm(Call& call, bool ranks_alike);
Declaration declare_layer_norm(const graph::LayerNorm& norm, const Site& site, Helpers& helpers);
Declaration declare_group_norm(const graph::GroupNorm& norm, const Site& site);
Expression call_unit_norm(const graph::UnitNorm& norm, Call& call);
Declaration declare_normalize(const graph::Normalize& normalize, const Site& site,
                              Helpers& helpers);
std::optional<Declaration> declare_scale_offset(const graph::ScaleOffset& op, const Site& site,
                                                Helpers& helpers);
Expression call_scale_offset(const graph::ScaleOffset& op, Call& call);
Declaration declare_channel_scale(const graph::ChannelScale& op, const Site& site,
                                  Helpers& helpers);

// pooling.cpp
std::optional<Declaration> declare_pool(const graph::Pool& pool, const std::vector<Site>& sites);
Expression call_pool(const graph::Pool& pool, Call& call);
Expression call_reduce(const graph::ReduceAxes& reduce, Call& call);

// activation.cpp
Expression call_unary(const graph::Unary& unary, Call& call);
/// One function of torch, which takes x once.
bool is_one_call(const graph::Unary& unary);
std::optional<Expression> module_unary(const graph::Unary& unary);
Expression call_softmax(const graph::Softmax& softmax, Call& call);
std::optional<Expression> module_softmax(const graph::Softmax& softmax);
Expression call_glu(const graph::Glu& glu, Call& call);
Declaration declare_prelu(const graph::PRelu& prelu, const Site& site, Helpers& helpers);

// shape.cpp
Expression call_reshape(const graph::Reshape& reshape, Call& call);
Expression call_permute(const graph::Permute& permute, Call& call);
Expression call_fold_time(Call& call);
Expression call_unfold_time(const graph::UnfoldTime& unfold, Call& call);
Expression call_repeat_vector(const graph::RepeatVector& repeat, Call& call);
Expression call_pad(const graph::PadAxes& pad, Call& call);
std::optional<Expression> module_pad(const graph::PadAxes& pad);

// resize.cpp
std::optional<Declaration> declare_upsample(const graph::Upsample& upsample);
Expression call_upsample(const graph::Upsample& upsample, Call& call);

// merging.cpp
Expression call_merge(const graph::Merge& merge, Call& call);
Expression call_concatenate(const graph::Concatenate& concatenate, Call& call);
Expression call_dot(const graph::Dot& dot, Call& call);

// dropout.cpp
Declaration declare_dropout(const graph::Dropout& dropout, Helpers& helpers);

// masks.cpp
Expression call_not_equal_to(const graph::NotEqualTo& op, Call& call);
Expression call_apply_mask(Call& call);
Expression call_masked_mean(const graph::MaskedMean& op, Call& call);

// recurrent.cpp
Declaration declare_recurrent(const graph::Recurrent& op, const Site& site, Helpers& helpers);
/// A function of a step as a Python function: its name, or a lambda.
Expression step_function(const graph::StepFunction& function, const Site& site, Helpers& helpers);
/// How a recurrent call's results are named. The module's sequence and states have names of their
/// own, as the layer's outputs are made of parts of them.
struct RecurrentNames {
  std::vector<bool> is_read;  ///< of each output of the node
  std::string sequence;
  std::string h;
  std::string c;
  /// Writes "targets = value".
  std::function<void(const std::string& targets, const Expression& value)> unpack;
};
/// Writes the call; the values of the outputs that are read.
std::vector<Expression> call_recurrent(const graph::Recurrent& op, Call& call,
                                       const RecurrentNames& names);

// recurrent_modules.cpp
/// Of what goes on at the times that a mask leaves.
extern const Helper select_by_mask;

// conv_recurrent.cpp
Declaration declare_conv_recurrent(const graph::ConvRecurrent& op, const Site& site,
                                   Helpers& helpers);
/// What it gives is (sequence, (h, c)).
Expression call_conv_recurrent(const graph::ConvRecurrent& op, Call& call);
/// Whether the last output under a mask is the last state h.
bool last_output_is_state(const graph::ConvRecurrent& op);

// locally_connected.cpp
Declaration declare_locally_connected(const graph::LocallyConnected& op, const Site& site,
                                      Helpers& helpers);

// stub.cpp
Declaration declare_stub(const graph::Unsupported& op, const Site& site, Helpers& helpers);
Declaration declare_constant(const Site& site, Helpers& helpers);

// padding.cpp
/// F.pad's list: last axis first, pads of axes 2… of the value.
Expression pad_list(const std::vector<graph::Pad>& pads);
bool is_symmetric(const std::vector<graph::Pad>& pads);
bool is_nothing(const std::vector<graph::Pad>& pads);
extern const Helper pad_same;

}  // namespace tensorferry::torch
