#pragma once

#include <string>
#include <vector>

#include "io/source.h"
#include "keras/model.h"
#include "tensor/statistics.h"

namespace tensorferry::convert {

/// The tensor of the model's, or how it is made of others. Throws io::Error{OptionInvalid} if there
/// is none of that index, or if it is made in more than one step.
tensor::Computation computation_of(const keras::Model& model, const std::vector<io::Source>& files,
                                   std::size_t index);

/// The JSON of `tensorferry::statistics_json`.
std::string statistics_text(const tensor::Statistics& statistics);

}  // namespace tensorferry::convert
