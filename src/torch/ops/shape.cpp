#include <fmt/format.h>

#include <algorithm>

#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using graph::Pad;
using python::number;

bool cuts(const Pad& pad) { return pad.before < 0 || pad.after < 0; }

std::string slice(const Pad& pad) {
  const std::string begin = pad.before < 0 ? std::to_string(-pad.before) : "";
  const std::string end = pad.after < 0 ? std::to_string(pad.after) : "";
  return begin + ":" + end;
}

// What F.pad takes: axes from the first that is padded.
std::vector<Pad> padded_axes(const std::vector<Pad>& pads) {
  const auto first =
      std::find_if(pads.begin(), pads.end(), [](const Pad& pad) { return pad != Pad{}; });
  return {first, pads.end()};
}

}  // namespace

Expression call_reshape(const graph::Reshape& reshape, Call& call) {
  const std::string x = call.name();
  const bool infers = std::find(reshape.shape.begin(), reshape.shape.end(),
                                graph::unknown_extent) != reshape.shape.end();
  std::vector<Expression> extents{infers ? python::atom(x + ".shape[0]")
                                         : number(std::int64_t{-1})};
  for (const std::int64_t extent : reshape.shape) extents.push_back(number(extent));
  return python::call(x + ".reshape", extents);
}

Expression call_permute(const graph::Permute& permute, Call& call) {
  return python::call(call.name() + ".permute",
                      python::numbers({permute.axes.begin(), permute.axes.end()}));
}

Expression call_fold_time(Call& call) {
  return python::call(call.name() + ".flatten", python::numbers({0, 1}));
}

Expression call_unfold_time(const graph::UnfoldTime& unfold, Call& call) {
  const Expression extents = unfold.times == graph::unknown_extent
                                 ? python::atom(call.name(1) + ".shape[:2]")
                                 : python::tuple({number(std::int64_t{-1}), number(unfold.times)});
  return python::call(call.name() + ".unflatten", {number(std::int64_t{0}), extents});
}

Expression call_repeat_vector(const graph::RepeatVector& repeat, Call& call) {
  const std::string x =
      python::text_of(python::call(call.name() + ".unsqueeze", {number(std::int64_t{1})}));
  return python::call(x + ".expand",
                      {number(std::int64_t{-1}), number(repeat.count), number(std::int64_t{-1})});
}

Expression call_pad(const graph::PadAxes& pad, Call& call) {
  const bool any_cut = std::any_of(pad.pads.begin(), pad.pads.end(), cuts);
  if (!any_cut) {
    const std::vector<Pad> pads = padded_axes(pad.pads);
    if (pads.empty()) return call.input();
    std::vector<Expression> arguments{call.input(), pad_list(pads)};
    if (pad.value != 0) arguments.push_back(python::keyword("value", number(pad.value)));
    return python::call("F.pad", arguments);
  }
  std::vector<Pad> added;
  std::vector<Expression> slices;
  for (const Pad& axis : pad.pads) {
    slices.push_back(python::atom(slice(axis)));
    added.push_back(
        {std::max<std::int64_t>(axis.before, 0), std::max<std::int64_t>(axis.after, 0)});
  }
  while (slices.size() > 1 && slices.back().text == ":") slices.pop_back();
  Expression cut = python::index(call.name(), slices);
  if (is_nothing(added)) return cut;
  std::vector<Expression> arguments{call.let(cut), pad_list(padded_axes(added))};
  if (pad.value != 0) arguments.push_back(python::keyword("value", number(pad.value)));
  return python::call("F.pad", arguments);
}

// nn.ZeroPad2d takes the pads of the last two axes of a map.
std::optional<Expression> module_pad(const graph::PadAxes& pad) {
  const bool is_map = pad.pads.size() == 4 && pad.pads[0] == Pad{} && pad.pads[1] == Pad{};
  if (!is_map || pad.value != 0 || std::any_of(pad.pads.begin(), pad.pads.end(), cuts)) {
    return std::nullopt;
  }
  return python::call("nn.ZeroPad2d", {pad_list({pad.pads[2], pad.pads[3]})});
}

}  // namespace tensorferry::torch
