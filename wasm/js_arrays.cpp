#include "js_arrays.h"

#include <cstdint>
#include <string>

namespace tensorferry {

using emscripten::val;

val js_array(const graph::Array& array) {
  val shape = val::array();
  for (const std::uint64_t extent : array.shape) {
    shape.call<void>("push", static_cast<double>(extent));
  }
  val result = val::object();
  result.set("shape", shape);
  const val view(emscripten::typed_memory_view(array.data.size(), array.data.data()));
  result.set("data", view.call<val>("slice"));
  return result;
}

val js_arrays(const std::vector<graph::Array>& arrays) {
  val result = val::array();
  for (const graph::Array& array : arrays) result.call<void>("push", js_array(array));
  return result;
}

std::vector<graph::Array> arrays_of(const val& arrays) {
  std::vector<graph::Array> result;
  const auto count = arrays["length"].as<unsigned>();
  for (unsigned i = 0; i < count; ++i) {
    graph::Array array;
    for (const double extent : emscripten::vecFromJSArray<double>(arrays[i]["shape"])) {
      array.shape.push_back(static_cast<std::uint64_t>(extent));
    }
    array.data = emscripten::convertJSArrayToNumberVector<double>(arrays[i]["data"]);
    result.push_back(std::move(array));
  }
  return result;
}

val js_samples(const std::vector<convert::ModuleSample>& samples) {
  val result = val::array();
  for (const convert::ModuleSample& sample : samples) {
    val row = js_array(sample.values);
    row.set("module", sample.module);
    result.call<void>("push", row);
  }
  return result;
}

convert::ProbeRun probe_run_of(const val& run) {
  convert::ProbeRun result{
      run["runtime"].as<std::string>(), arrays_of(run["inputs"]), arrays_of(run["outputs"]), {}};
  const val rows = run["modules"];
  const std::vector<graph::Array> values = arrays_of(rows);
  for (std::size_t i = 0; i < values.size(); ++i) {
    result.modules.push_back({rows[i]["module"].as<graph::ModuleId>(), values[i]});
  }
  return result;
}

}  // namespace tensorferry
