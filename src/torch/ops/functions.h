#pragma once

#include <span>
#include <string_view>

#include "graph/functions.h"
#include "torch/ops/spelling.h"

/// How the functions of graph/functions.h are spelled: a row for each.
namespace tensorferry::torch {

struct FunctionSpelling {
  enum class Form {
    Call,      ///< `text`(operands)
    Operator,  ///< operands joined by `text`
    Formula,   ///< `text` with the operands in the places of {0}, {1}
    Own,       ///< what `spell` writes
  };
  std::string_view name;
  Form form = Form::Call;
  std::string_view text;
  Expression (*spell)(const graph::Function& function, Call& call) = nullptr;
};

/// Of functions that have no form of their own.
std::span<const FunctionSpelling> function_spellings();

Expression call_function(const graph::Function& function, Call& call);
Declaration declare_literal(const graph::Literal& literal, Helpers& helpers);

/// Operand `i`: a variable, or the number.
Expression operand(const graph::Function& function, Call& call, std::size_t i);
/// The same where only a tensor may stand.
Expression tensor_operand(const graph::Function& function, Call& call, std::size_t i);
std::vector<Expression> all_operands(const graph::Function& function, Call& call);
Expression scalar_number(const graph::Scalar& scalar);
/// "torch.int32"
Expression dtype_atom(tensor::DType dtype);
std::vector<std::int64_t> signed_axes(const std::vector<std::size_t>& axes);

// function_reductions.cpp
Expression spell_reduction(const graph::Function& function, Call& call);
Expression spell_one_by_one(const graph::Function& function, Call& call);
Expression spell_count_nonzero(const graph::Function& function, Call& call);
Expression spell_norm(const graph::Function& function, Call& call);
Expression spell_arg(const graph::Function& function, Call& call);
Expression spell_quantile(const graph::Function& function, Call& call);
Expression spell_along(const graph::Function& function, Call& call);
Expression spell_flip(const graph::Function& function, Call& call);
Expression spell_roll(const graph::Function& function, Call& call);
Expression spell_sort(const graph::Function& function, Call& call);
Expression spell_diff(const graph::Function& function, Call& call);
Expression spell_top_k(const graph::Function& function, Call& call);

// function_shapes.cpp
Expression spell_reshape(const graph::Function& function, Call& call);
Expression spell_expand(const graph::Function& function, Call& call);
Expression spell_squeeze(const graph::Function& function, Call& call);
Expression spell_repeat(const graph::Function& function, Call& call);
Expression spell_mirror_pad(const graph::Function& function, Call& call);
Expression spell_stack(const graph::Function& function, Call& call);
Expression spell_split(const graph::Function& function, Call& call);
Expression spell_unstack(const graph::Function& function, Call& call);
Expression spell_triangle(const graph::Function& function, Call& call);
Expression spell_diagonal(const graph::Function& function, Call& call);
Expression spell_diagonal_matrix(const graph::Function& function, Call& call);
Expression spell_meshgrid(const graph::Function& function, Call& call);
Expression spell_mask_of_all(const graph::Function& function, Call& call);
Expression spell_rot90(const graph::Function& function, Call& call);
Expression spell_get_item(const graph::Function& function, Call& call);
Expression spell_take(const graph::Function& function, Call& call);
Expression spell_take_along_axis(const graph::Function& function, Call& call);
Expression spell_shape(const graph::Function& function, Call& call);
Expression spell_one_hot(const graph::Function& function, Call& call);
Expression spell_look_up(const graph::Function& function, Call& call);
Expression spell_search(const graph::Function& function, Call& call);
Expression spell_adaptive_pool(const graph::Function& function, Call& call);
Expression spell_resize(const graph::Function& function, Call& call);
Expression spell_auto_contrast(const graph::Function& function, Call& call);
Expression spell_clahe(const graph::Function& function, Call& call);
Expression spell_spectrogram(const graph::Function& function, Call& call);

}  // namespace tensorferry::torch
