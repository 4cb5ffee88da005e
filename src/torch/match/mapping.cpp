#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/error.h"
#include "torch/match/pairing.h"

namespace tensorferry::torch {

namespace {

using Json = nlohmann::ordered_json;

std::string one_row_a_line(const Json& rows) {
  std::string text = "[";
  for (const Json& row : rows) {
    text += (text.size() > 1 ? ",\n  " : "\n  ") +
            row.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  return text + "\n]\n";
}

Json shape_of(const std::vector<NamedShape>& entries) { return Json(main_shape(entries)); }

[[noreturn]] void refuse_rows(const char* sentence) {
  throw io::Error(io::ErrorCode::OptionInvalid, sentence);
}

}  // namespace

std::string mapping_text(const std::vector<WeightedLayer>& layers, const TargetModel& target,
                         const Pairing& pairing, const std::map<std::size_t, std::string>& given) {
  const auto given_to = [&given](std::size_t layer) {
    const auto found = given.find(layer);
    return found == given.end() ? Json() : Json(found->second);
  };
  Json rows = Json::array();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (is_pool(layers[i].kind) || pairing.has_layer(i)) continue;
    rows.push_back({{"layer", layers[i].name},
                    {"module", nullptr},
                    {"shape", shape_of(layers[i].entries)},
                    {"certainty", 0},
                    {"reason", "no module of its shape is left"},
                    {"given", given_to(i)}});
  }
  for (std::size_t m = 0; m < target.modules.size(); ++m) {
    if (is_pool(target.modules[m].kind) || pairing.has_module(m)) continue;
    rows.push_back({{"layer", nullptr},
                    {"module", target.modules[m].prefix},
                    {"shape", shape_of(target.modules[m].entries)},
                    {"certainty", 0},
                    {"reason", pairing.is_of_head(m) ? "the file has no such head"
                                                     : "no layer of its shape is left"}});
  }
  std::vector<Pair> pairs = pairing.weights;
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return (a.certainty < ambiguous_below) > (b.certainty < ambiguous_below);
  });
  for (const Pair& pair : pairs) {
    rows.push_back({{"layer", layers[pair.layer].name},
                    {"module", target.modules[pair.module].prefix},
                    {"shape", shape_of(target.modules[pair.module].entries)},
                    {"certainty", pair.certainty},
                    {"reason", pair.reason},
                    {"given", given_to(pair.layer)}});
  }
  return one_row_a_line(rows);
}

std::vector<GivenPair> mapping_of_json(std::string_view text) {
  const Json rows = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!rows.is_array()) refuse_rows("A mapping is a JSON list of rows, as mapping.json has it.");
  std::vector<GivenPair> pairs;
  for (const Json& row : rows) {
    const auto layer = row.is_object() ? row.find("layer") : row.end();
    const auto module = row.is_object() ? row.find("module") : row.end();
    if (!row.is_object() || layer == row.end() || module == row.end()) {
      refuse_rows("A row of a mapping is {\"layer\": …, \"module\": …}.");
    }
    if (layer->is_null()) continue;  // a module that nothing was found for
    if (!layer->is_string() || !(module->is_string() || module->is_null())) {
      refuse_rows("Names in a mapping are texts, or null for a module.");
    }
    pairs.emplace_back(layer->get<std::string>(), module->is_null()
                                                      ? std::nullopt
                                                      : std::optional(module->get<std::string>()));
  }
  return pairs;
}

}  // namespace tensorferry::torch
