#include "keras/layers/arguments.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"

namespace tensorferry::tfjs {
namespace {

std::int64_t whole(const LayerCall& call, const char* argument, const keras::Json& value) {
  if (!value.is_number_integer()) {
    call.arguments().mistaken(argument, "whole numbers");
  }
  return value.get<std::int64_t>();
}

/// Keras's three spellings: 2, (2, 3), ((1, 2), (3, 4)); in 1D a pair is one axis.
std::vector<Margin> margins_of(const LayerCall& call, const char* argument, std::size_t rank) {
  const keras::Json* given = call.arguments().find(argument);
  if (given == nullptr) {
    return std::vector<Margin>(rank, {1, 1});
  }
  const keras::Json* items = keras::list_items(*given);
  if (items == nullptr) {
    const std::int64_t margin = whole(call, argument, *given);
    return std::vector<Margin>(rank, {margin, margin});
  }
  std::vector<Margin> result;
  if (rank == 1 && items->size() == 2) {
    return {{whole(call, argument, (*items)[0]), whole(call, argument, (*items)[1])}};
  }
  for (const keras::Json& axis : *items) {
    const keras::Json* pair = keras::list_items(axis);
    const keras::Json& before = pair == nullptr ? axis : pair->at(0);
    const keras::Json& after = pair == nullptr ? axis : pair->at(1);
    result.push_back({whole(call, argument, before), whole(call, argument, after)});
  }
  if (result.size() != rank) {
    call.arguments().mistaken(argument, "one entry for each spatial axis");
  }
  return result;
}

using Step = Tensor (*)(LayerCall&, std::string_view, const Tensor&, const std::vector<Margin>&);

/// TF.js has these layers for two axes only, with the channels at either end.
Tensor lower_margins(LayerCall& call, const char* argument, const std::string& class_2d,
                     Step step) {
  const Tensor& x = call.input();
  const std::size_t rank = x.shape.size() - 2;
  const std::vector<Margin> margins = margins_of(call, argument, rank);
  if (rank == 2) {
    Json pairs = Json::array();
    for (const Margin& margin : margins) {
      pairs.push_back({margin.first, margin.second});
    }
    return call.add("", class_2d, {{argument, pairs}, {"data_format", data_format(call)}}, {x});
  }
  if (!is_channels_first(call)) {
    return step(call, argument, x, margins);
  }
  return to_channels_first(call, step(call, argument, to_channels_last(call, x), margins));
}

}  // namespace

Tensor lower_zero_padding(LayerCall& call) {
  return lower_margins(call, "padding", "ZeroPadding2D", zero_pad);
}

Tensor lower_cropping(LayerCall& call) {
  return lower_margins(call, "cropping", "Cropping2D", crop);
}

}  // namespace tensorferry::tfjs
