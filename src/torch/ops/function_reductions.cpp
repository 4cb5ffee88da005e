#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "torch/ops/functions.h"

namespace tensorferry::torch {

namespace {

using graph::Function;
using python::keyword;
using python::number;

std::string method_of(const Function& function) {
  const std::string_view name = function.kind->name;
  if (name == "max") return ".amax";
  if (name == "min") return ".amin";
  return fmt::format(".{}", name);
}

Expression dims_of(const std::vector<std::size_t>& axes) {
  return axes.size() == 1 ? number(static_cast<std::int64_t>(axes[0]))
                          : python::tuple_of(signed_axes(axes));
}

bool is_of_all(const Function& function, const Call& call) {
  return function.axes.size() == call.site.rank() && !function.keep_dims;
}

void add_dims(const Function& function, std::vector<Expression>& arguments) {
  arguments.push_back(keyword("dim", dims_of(function.axes)));
  if (function.keep_dims) arguments.push_back(keyword("keepdim", python::boolean(true)));
}

bool is_whole(tensor::DType dtype) { return !tensor::is_floating_point(dtype); }

}  // namespace

Expression spell_reduction(const Function& function, Call& call) {
  const std::string_view name = function.kind->name;
  std::vector<Expression> arguments;
  if (!is_of_all(function, call) || name == "logsumexp") add_dims(function, arguments);
  if (name == "std" || name == "var") {
    arguments.push_back(keyword("unbiased", python::boolean(false)));
  }
  // torch sums whole numbers as int64.
  if (name == "sum" && is_whole(function.dtypes.at(0))) {
    arguments.push_back(keyword("dtype", dtype_atom(function.dtypes[0])));
  }
  return python::call(call.name() + method_of(function), arguments);
}

// Methods that take one axis at a time in torch 1.13.
Expression spell_one_by_one(const Function& function, Call& call) {
  std::string text = call.name();
  std::vector<Expression> dtype;
  if (function.kind->name == "prod" && is_whole(function.dtypes.at(0))) {
    dtype.push_back(keyword("dtype", dtype_atom(function.dtypes[0])));
  }
  if (is_of_all(function, call)) return python::call(text + method_of(function), dtype);
  std::vector<std::size_t> axes = function.axes;
  std::sort(axes.rbegin(), axes.rend());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Function one = function;
    one.axes = {axes[i]};
    std::vector<Expression> arguments;
    add_dims(one, arguments);
    arguments.insert(arguments.end(), dtype.begin(), dtype.end());
    const Expression result = python::call(text + method_of(function), arguments);
    if (i + 1 == axes.size()) return result;
    text = call.let(result).text;
  }
  return python::atom(text);
}

Expression spell_count_nonzero(const Function& function, Call& call) {
  std::vector<Expression> arguments;
  if (!function.keep_dims) {
    if (!is_of_all(function, call)) add_dims(function, arguments);
    return python::call(call.name() + ".count_nonzero", arguments);
  }
  add_dims(function, arguments);
  return python::call(fmt::format("({} != 0).sum", call.name()), arguments);
}

Expression spell_norm(const Function& function, Call& call) {
  const double order = function.numbers.at(0);
  std::vector<Expression> arguments{call.input()};
  if (order != 2) arguments.push_back(keyword("ord", number(order)));
  if (!is_of_all(function, call)) add_dims(function, arguments);
  return python::call("torch.linalg.vector_norm", arguments);
}

Expression spell_arg(const Function& function, Call& call) {
  const std::string callee = call.name() + method_of(function);
  if (function.axes.size() == 1) {
    std::vector<Expression> arguments;
    add_dims(function, arguments);
    return python::call(callee, arguments);
  }
  const Expression position = python::call(callee, {});
  if (!function.keep_dims) return position;
  return python::call(python::text_of(position) + ".reshape",
                      python::numbers(std::vector<std::int64_t>(call.site.rank(), 1)));
}

Expression spell_quantile(const Function& function, Call& call) {
  std::vector<Expression> numbers;
  for (const double value : function.numbers) numbers.push_back(number(value));
  const std::string x = call.name();
  Expression q = numbers.at(0);
  if (function.integers.at(0) != 1) {
    q = python::call("torch.tensor",
                     {python::list(numbers), keyword("device", python::atom(x + ".device"))});
  }
  std::vector<Expression> arguments{q};
  if (function.axes.size() == 1) {
    add_dims(function, arguments);
  } else if (function.keep_dims) {
    arguments.push_back(keyword("keepdim", python::boolean(true)));
  }
  if (function.text != "linear") {
    arguments.push_back(keyword("interpolation", python::string(function.text)));
  }
  return python::call(x + ".quantile", arguments);
}

Expression spell_along(const Function& function, Call& call) {
  std::vector<Expression> arguments{keyword("dim", dims_of(function.axes))};
  if (is_whole(function.dtypes.at(0))) {
    arguments.push_back(keyword("dtype", dtype_atom(function.dtypes[0])));
  }
  return python::call(call.name() + method_of(function), arguments);
}

Expression spell_flip(const Function& function, Call& call) {
  return python::call(call.name() + ".flip", python::numbers(signed_axes(function.axes)));
}

Expression spell_roll(const Function& function, Call& call) {
  const bool one = function.axes.size() == 1;
  return python::call(call.name() + ".roll",
                      {one ? number(function.integers.at(0)) : python::tuple_of(function.integers),
                       keyword("dims", dims_of(function.axes))});
}

Expression spell_sort(const Function& function, Call& call) {
  std::vector<Expression> arguments{keyword("dim", dims_of(function.axes))};
  const bool positions = function.kind->name == "argsort";
  if (positions) arguments.push_back(keyword("stable", python::boolean(true)));
  const std::string sorted = python::text_of(python::call(call.name() + ".sort", arguments));
  return python::atom(sorted + (positions ? ".indices" : ".values"));
}

Expression spell_diff(const Function& function, Call& call) {
  std::vector<Expression> arguments;
  if (function.integers.at(0) != 1) arguments.push_back(keyword("n", number(function.integers[0])));
  arguments.push_back(keyword("dim", dims_of(function.axes)));
  return python::call(call.name() + ".diff", arguments);
}

Expression spell_top_k(const Function& function, Call& call) {
  return python::call(call.name() + ".topk",
                      {number(function.integers.at(0)), keyword("dim", dims_of(function.axes))});
}

}  // namespace tensorferry::torch
