#pragma once

#include <emscripten/val.h>

#include <vector>

#include "convert.h"

/// Arrays of numbers between JavaScript and the module: {shape: number[], data: Float64Array}.
namespace tensorferry {

emscripten::val js_array(const graph::Array& array);
emscripten::val js_arrays(const std::vector<graph::Array>& arrays);

std::vector<graph::Array> arrays_of(const emscripten::val& arrays);

/// [{module: number, shape, data}].
emscripten::val js_samples(const std::vector<convert::ModuleSample>& samples);

/// {runtime, inputs, outputs, modules}.
convert::ProbeRun probe_run_of(const emscripten::val& run);

}  // namespace tensorferry
