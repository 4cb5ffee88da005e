#include <fmt/format.h>

#include <algorithm>

#include "graph/infer.h"
#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using graph::Pad;
using graph::Pool;
using python::keyword;
using python::number;
using python::size;

const Helper average_pool{"average_pool",
                          R"(def average_pool(x, pads, pool, kernel_size, stride):
    """Averages over the real cells only, where pads lie around them."""
    cells = F.pad(torch.ones_like(x[:1, :1]), pads)
    return pool(F.pad(x, pads), kernel_size, stride) / pool(cells, kernel_size, stride)
)"};

const Helper same_average_pool{"same_average_pool",
                               R"(def same_average_pool(x, pool, kernel_size, stride):
    """Pads as TensorFlow's "same" does and averages over the real cells only."""
    cells = pad_same(torch.ones_like(x[:1, :1]), kernel_size, stride)
    x = pad_same(x, kernel_size, stride)
    return pool(x, kernel_size, stride) / pool(cells, kernel_size, stride)
)",
                               {&pad_same}};

bool is_max(const Pool& pool) { return pool.kind == Pool::Kind::Max; }

std::string pool_name(const Pool& pool) { return is_max(pool) ? "Max" : "Avg"; }

std::string function_name(const Pool& pool) {
  return fmt::format("F.{}_pool{}d", is_max(pool) ? "max" : "avg", pool.spatial_rank);
}

bool needs_size(const Pool& pool) {
  return pool.padding.kind == graph::SpatialPadding::Kind::Same &&
         std::any_of(pool.strides.begin(), pool.strides.end(),
                     [](std::int64_t stride) { return stride != 1; });
}

std::vector<Pad> explicit_pads(const Pool& pool) {
  if (pool.padding.kind == graph::SpatialPadding::Kind::Explicit) return pool.padding.pads;
  std::vector<Pad> pads;
  for (const std::int64_t extent : pool.size) {
    pads.push_back(graph::same_pad(graph::unknown_extent, extent, 1, 1));
  }
  return pads;
}

/// torch's own padding, where that makes the windows that Keras makes. Cells that are padded never
/// count (−∞ for a maximum, count_include_pad=False for an average), so all that matters is where
/// windows begin and how many there are.
struct OwnPadding {
  std::vector<std::int64_t> padding;
  bool ceil_mode = false;
};

std::int64_t windows(std::int64_t extent, std::int64_t padding, std::int64_t size,
                     std::int64_t stride, bool ceil_mode) {
  // torch/nn/functional's pooling_output_shape: with ceil_mode the last window must begin inside.
  const std::int64_t room = extent + 2 * padding - size;
  std::int64_t count = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  if (ceil_mode && (count - 1) * stride >= extent + padding) count -= 1;
  return count;
}

bool makes_same_windows(const Pool& pool, const std::vector<Pad>& pads, const graph::Value& input,
                        bool ceil_mode) {
  for (std::size_t i = 0; i < pads.size(); ++i) {
    const std::int64_t extent = input.shape.at(i + 2);
    if (pads[i].before > pool.size[i] / 2) return false;
    if (extent == graph::unknown_extent) {
      if (ceil_mode || pads[i].before != pads[i].after) return false;
      continue;
    }
    const std::int64_t wanted =
        (extent + pads[i].before + pads[i].after - pool.size[i]) / pool.strides[i] + 1;
    if (extent + 2 * pads[i].before < pool.size[i]) return false;
    if (windows(extent, pads[i].before, pool.size[i], pool.strides[i], ceil_mode) != wanted) {
      return false;
    }
  }
  return true;
}

std::optional<OwnPadding> own_padding(const Pool& pool, const graph::Value& input) {
  if (needs_size(pool)) return std::nullopt;
  const std::vector<Pad> pads = explicit_pads(pool);
  OwnPadding own;
  for (const Pad& pad : pads) own.padding.push_back(pad.before);
  for (const bool ceil_mode : {false, true}) {
    own.ceil_mode = ceil_mode;
    if (makes_same_windows(pool, pads, input, ceil_mode)) return own;
  }
  return std::nullopt;
}

bool pads_something(const std::vector<std::int64_t>& padding) {
  return std::any_of(padding.begin(), padding.end(), [](std::int64_t count) { return count != 0; });
}

/// Arguments behind the input, of the module and of the function alike.
std::vector<Expression> arguments_of(const Pool& pool, const std::optional<OwnPadding>& own) {
  std::vector<Expression> arguments{size(pool.size)};
  arguments[0].keyword = "kernel_size";
  if (pool.strides != pool.size) arguments.push_back(keyword("stride", size(pool.strides)));
  if (!own) return arguments;
  if (pads_something(own->padding)) arguments.push_back(keyword("padding", size(own->padding)));
  if (own->ceil_mode) arguments.push_back(keyword("ceil_mode", python::boolean(true)));
  if (!is_max(pool) && (own->ceil_mode || pads_something(own->padding))) {
    arguments.push_back(keyword("count_include_pad", python::boolean(false)));
  }
  return arguments;
}

// For a helper, which takes the axes one by one.
std::vector<Expression> lists_of(const Pool& pool) {
  return {python::tuple_of(pool.size), python::tuple_of(pool.strides)};
}

Expression call_average(const Pool& pool, Call& call) {
  const Expression function = python::atom(function_name(pool));
  std::vector<Expression> arguments{call.input()};
  if (!needs_size(pool)) arguments.push_back(pad_list(explicit_pads(pool)));
  arguments.push_back(function);
  for (const Expression& list : lists_of(pool)) arguments.push_back(list);
  return python::call(call.helpers.use(needs_size(pool) ? same_average_pool : average_pool),
                      arguments);
}

Expression call_padded_maximum(const Pool& pool, Call& call) {
  const Expression lowest = keyword("value", number(-std::numeric_limits<double>::infinity()));
  Expression padded;
  if (needs_size(pool)) {
    std::vector<Expression> arguments{call.input()};
    for (const Expression& list : lists_of(pool)) arguments.push_back(list);
    arguments.push_back(lowest);
    padded = python::call(call.helpers.use(pad_same), arguments);
  } else {
    padded = python::call("F.pad", {call.input(), pad_list(explicit_pads(pool)), lowest});
  }
  return call.let(padded);
}

Expression dims(const std::vector<std::size_t>& axes) {
  if (axes.size() == 1) return number(static_cast<std::int64_t>(axes[0]));
  return python::tuple_of({axes.begin(), axes.end()});
}

}  // namespace

std::optional<Declaration> declare_pool(const Pool& pool, const std::vector<Site>& sites) {
  const auto own = own_padding(pool, sites.front().input());
  for (const Site& site : sites) {
    const auto other = own_padding(pool, site.input());
    const bool alike =
        site.node.op == sites.front().node.op && own.has_value() == other.has_value() &&
        (!own || (own->padding == other->padding && own->ceil_mode == other->ceil_mode));
    if (!alike) return std::nullopt;
  }
  if (!own && !is_max(pool)) return std::nullopt;
  Declaration declaration;
  declaration.constructor = python::call(
      fmt::format("nn.{}Pool{}d", pool_name(pool), pool.spatial_rank), arguments_of(pool, own));
  declaration.stock = own.has_value();
  return declaration;
}

Expression call_pool(const Pool& pool, Call& call) {
  const auto own = own_padding(pool, call.site.input());
  if (!own && !is_max(pool)) return call_average(pool, call);
  const Expression x = own ? call.input() : call_padded_maximum(pool, call);
  if (!call.self.empty()) return python::call(call.self, {x});
  std::vector<Expression> arguments{x};
  for (Expression& argument : arguments_of(pool, own)) arguments.push_back(std::move(argument));
  return python::call(function_name(pool), arguments);
}

Expression call_reduce(const graph::ReduceAxes& reduce, Call& call) {
  const auto method = [&] {
    switch (reduce.kind) {
      case graph::ReduceAxes::Kind::Max:
        return ".amax";
      case graph::ReduceAxes::Kind::Mean:
        return ".mean";
      case graph::ReduceAxes::Kind::Sum:
        return ".sum";
      case graph::ReduceAxes::Kind::Min:
        return ".amin";
    }
    return "";
  };
  std::vector<Expression> arguments{keyword("dim", dims(reduce.axes))};
  if (reduce.keep_dims) arguments.push_back(keyword("keepdim", python::boolean(true)));
  return python::call(call.name() + method(), arguments);
}

}  // namespace tensorferry::torch
