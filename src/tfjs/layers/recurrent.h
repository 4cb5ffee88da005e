#pragma once

#include <string>
#include <string_view>

#include "tfjs/builder.h"

/// What recurrent layers have in common.
namespace tensorferry::tfjs {

/// TF.js's name of a function within the steps. Throws Refusal where it has none.
std::string step_function(const LayerCall& call, std::string_view argument);

/// Throws Refusal where the sequences have the time before the batch.
void require_batch_first(const keras::Arguments& arguments);

/// Says that a stateful layer begins each call at zero.
void note_stateful(LayerCall& call, const keras::Arguments& arguments);

}  // namespace tensorferry::tfjs
