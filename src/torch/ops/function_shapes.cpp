#include <fmt/format.h>

#include <algorithm>

#include "torch/ops/functions.h"

namespace tensorferry::torch {

namespace {

using graph::Function;
using python::keyword;
using python::number;

const Helper mirror_pad{"mirror_pad",
                        R"(def mirror_pad(x, pads, edge):
    """Each axis with its own elements around it, mirrored; edge: its border is doubled."""
    for dim, (before, after) in enumerate(pads):
        size = x.shape[dim]
        index = torch.arange(-before, size + after, device=x.device)
        index = torch.where(index < 0, -index - edge, index)
        index = torch.where(index >= size, 2 * (size - 1) - index + edge, index)
        x = x.index_select(dim, index)
    return x
)"};

const Helper one_hot{"one_hot",
                     R"(def one_hot(x, classes, dim=-1, dtype=torch.float32):
    """1 at the position that x says along a new axis; nowhere if there is no such position."""
    shape = [1] * (x.dim() + 1)
    shape[dim] = classes
    index = torch.arange(classes, device=x.device).reshape(shape)
    return (x.unsqueeze(dim) == index).to(dtype)
)"};

const Helper look_up{"look_up",
                     R"(def look_up(x, keys, values, otherwise):
    """The value at the place of x among `keys`, which ascend; `otherwise` if it is none."""
    index = torch.searchsorted(keys, x.contiguous()).clamp(max=len(keys) - 1)
    return torch.where(keys[index] == x, values[index], otherwise)
)"};

std::string bound(std::int64_t value) {
  return value == graph::no_bound ? "" : std::to_string(value);
}

Expression axis_number(std::size_t axis) { return number(static_cast<std::int64_t>(axis)); }

/// ":" for each axis before this one.
std::vector<Expression> whole_axes(std::size_t count) {
  return std::vector<Expression>(count, python::atom(":"));
}

Expression on_device(const Function& function, Call& call, bool integers) {
  std::vector<Expression> items;
  if (integers) {
    items = python::numbers(function.integers);
  } else {
    for (const double value : function.numbers) items.push_back(number(value));
  }
  return python::call("torch.tensor", {python::list(items),
                                       keyword("device", python::atom(call.name() + ".device"))});
}

}  // namespace

Expression spell_reshape(const Function& function, Call& call) {
  const std::string_view name = function.kind->name;
  const std::string method = name == "tile" ? ".tile" : name == "reshape" ? ".reshape" : ".expand";
  if (function.integers.empty()) {
    return python::call(call.name() + method, {python::tuple({})});
  }
  return python::call(call.name() + method, python::numbers(function.integers));
}

Expression spell_expand(const Function& function, Call& call) {
  std::string text = call.name();
  for (const std::size_t axis : function.axes) text += fmt::format(".unsqueeze({})", axis);
  return python::atom(text);
}

Expression spell_squeeze(const Function& function, Call& call) {
  std::string text = call.name();
  for (std::size_t i = function.axes.size(); i-- > 0;) {
    text += fmt::format(".squeeze({})", function.axes[i]);
  }
  return python::atom(text);
}

Expression spell_repeat(const Function& function, Call& call) {
  const Expression counts = function.integers.size() == 1 ? number(function.integers[0])
                                                          : on_device(function, call, true);
  return python::call(call.name() + ".repeat_interleave",
                      {counts, keyword("dim", axis_number(function.axes.at(0)))});
}

Expression spell_mirror_pad(const Function& function, Call& call) {
  std::vector<Expression> pads;
  for (std::size_t i = 0; i + 1 < function.integers.size(); i += 2) {
    pads.push_back(python::tuple_of({function.integers[i], function.integers[i + 1]}));
  }
  const std::int64_t edge = function.text == "symmetric" ? 1 : 0;
  return python::call(call.helpers.use(mirror_pad),
                      {call.input(), python::list(pads), keyword("edge", number(edge))});
}

Expression spell_stack(const Function& function, Call& call) {
  return python::call("torch.stack", {python::list(all_operands(function, call)),
                                      keyword("dim", axis_number(function.axes.at(0)))});
}

Expression spell_split(const Function& function, Call& call) {
  const auto& sizes = function.integers;
  const bool alike =
      std::all_of(sizes.begin(), sizes.end(), [&](std::int64_t size) { return size == sizes[0]; });
  return python::call(
      call.name() + ".split",
      {alike && sizes[0] > 0 ? number(sizes[0]) : python::list(python::numbers(sizes)),
       keyword("dim", axis_number(function.axes.at(0)))});
}

Expression spell_unstack(const Function& function, Call& call) {
  return python::call(call.name() + ".unbind", {keyword("dim", axis_number(function.axes.at(0)))});
}

Expression spell_triangle(const Function& function, Call& call) {
  std::vector<Expression> arguments;
  if (function.integers.at(0) != 0) {
    arguments.push_back(keyword("diagonal", number(function.integers[0])));
  }
  return python::call(fmt::format("{}.{}", call.name(), function.kind->name), arguments);
}

Expression spell_diagonal(const Function& function, Call& call) {
  std::vector<Expression> arguments;
  if (function.integers.at(0) != 0) {
    arguments.push_back(keyword("offset", number(function.integers[0])));
  }
  arguments.push_back(keyword("dim1", axis_number(function.axes.at(0))));
  arguments.push_back(keyword("dim2", axis_number(function.axes.at(1))));
  return python::call(call.name() + ".diagonal", arguments);
}

Expression spell_diagonal_matrix(const Function& function, Call& call) {
  std::vector<Expression> arguments{call.input()};
  if (function.integers.at(0) != 0) {
    arguments.push_back(keyword("offset", number(function.integers[0])));
  }
  return python::call("torch.diag_embed", arguments);
}

Expression spell_mask_of_all(const Function& function, Call& call) {
  const std::string x = call.name();
  return python::call("torch.ones",
                      {python::atom(fmt::format("{}.shape[:{}]", x, function.integers.at(0))),
                       keyword("dtype", python::atom("torch.bool")),
                       keyword("device", python::atom(x + ".device"))});
}

Expression spell_meshgrid(const Function& function, Call& call) {
  std::vector<Expression> arguments = all_operands(function, call);
  arguments.push_back(keyword("indexing", python::string(function.text)));
  return python::call("torch.meshgrid", arguments);
}

Expression spell_rot90(const Function& function, Call& call) {
  return python::call(call.name() + ".rot90",
                      {number(function.integers.at(0)),
                       keyword("dims", python::tuple_of(signed_axes(function.axes)))});
}

Expression spell_get_item(const Function& function, Call& call) {
  std::vector<Expression> items;
  for (std::size_t i = 0; i + 3 < function.integers.size(); i += 4) {
    const std::int64_t* item = &function.integers[i];
    if (item[0] == 2) {
      items.push_back(python::atom("None"));
    } else if (item[0] == 1) {
      items.push_back(number(item[1]));
    } else {
      const std::string step = item[3] == 1 ? "" : fmt::format(":{}", item[3]);
      items.push_back(python::atom(bound(item[1]) + ":" + bound(item[2]) + step));
    }
  }
  while (items.size() > 1 && items.back().text == ":") items.pop_back();
  if (items.empty()) return call.input();
  return python::index(call.name(), items);
}

Expression spell_take(const Function& function, Call& call) {
  std::vector<Expression> items = whole_axes(function.axes.at(0));
  if (function.operands.size() > 1) {
    items.push_back(operand(function, call, 1));
  } else {
    items.push_back(python::list(python::numbers(function.integers)));
  }
  return python::index(call.name(), items);
}

Expression spell_take_along_axis(const Function& function, Call& call) {
  return python::call("torch.take_along_dim",
                      {operand(function, call, 0), operand(function, call, 1),
                       keyword("dim", axis_number(function.axes.at(0)))});
}

Expression spell_shape(const Function& function, Call& call) {
  return python::call("torch.tensor", {python::atom(call.name() + ".shape"),
                                       keyword("dtype", dtype_atom(function.dtypes.at(0))),
                                       keyword("device", python::atom(call.name() + ".device"))});
}

Expression spell_one_hot(const Function& function, Call& call) {
  std::vector<Expression> arguments{call.input(), number(function.integers.at(0))};
  if (function.axes.at(0) != call.site.rank()) {
    arguments.push_back(keyword("dim", axis_number(function.axes[0])));
  }
  if (function.dtypes.at(0) != tensor::DType::Float32) {
    arguments.push_back(keyword("dtype", dtype_atom(function.dtypes[0])));
  }
  return python::call(call.helpers.use(one_hot), arguments);
}

Expression spell_look_up(const Function& function, Call& call) {
  return python::call(call.helpers.use(look_up), all_operands(function, call));
}

Expression spell_search(const Function& function, Call& call) {
  std::vector<Expression> arguments{python::atom(call.name()), on_device(function, call, false)};
  if (function.text == "right") arguments.push_back(keyword("right", python::boolean(true)));
  if (function.dtypes.at(0) == tensor::DType::Int32) {
    arguments.push_back(keyword("out_int32", python::boolean(true)));
  }
  return python::call("torch.bucketize", arguments);
}

// Its windows are Keras's: [floor(i · in / out), ceil((i + 1) · in / out)).
Expression spell_adaptive_pool(const Function& function, Call& call) {
  const std::size_t rank = function.integers.size();
  const bool maximum = function.kind->name == "adaptive_max_pool";
  const std::string callee = fmt::format("F.adaptive_{}_pool{}d", maximum ? "max" : "avg", rank);
  const Expression size =
      rank == 1 ? python::number(function.integers[0]) : python::tuple_of(function.integers);
  return python::call(callee, {call.input(), size});
}

Expression spell_spectrogram(const Function& function, Call& call) {
  std::vector<Expression> arguments{call.input(), number(function.integers.at(0)),
                                    keyword("hop_length", number(function.integers.at(1)))};
  if (function.integers.at(2) != function.integers[0]) {
    arguments.push_back(keyword("win_length", number(function.integers[2])));
  }
  arguments.push_back(keyword("window", call.input(1)));
  arguments.push_back(keyword("return_complex", python::boolean(true)));
  return python::call("torch.abs", {python::call("torch.stft", arguments)});
}

}  // namespace tensorferry::torch
