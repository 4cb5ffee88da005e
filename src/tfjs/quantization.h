#pragma once

#include <map>
#include <string>
#include <vector>

#include "tfjs/target.h"

namespace tensorferry::tfjs {

/// Which weights are quantized to what, by name. A glob may be several, apart by commas; the glob
/// `*` takes what no other one took. (tensorflowjs/quantization.py:
/// map_layers_to_quantization_dtype) Throws io::Error{OptionInvalid} where two dtypes match one
/// name, or two take the rest.
std::map<std::string, tensor::DType> quantized_names(const std::vector<Quantization>& options,
                                                     const std::vector<std::string>& names);

/// Python's fnmatch: `*`, `?`, `[abc]`, `[a-c]`, `[!abc]`.
bool glob_matches(std::string_view glob, std::string_view name);

}  // namespace tensorferry::tfjs
