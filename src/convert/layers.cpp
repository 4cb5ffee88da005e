#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "convert.h"
#include "keras/layers/augmentation.h"
#include "keras/layers/refused.h"
#include "keras/layers/table.h"
#include "keras/recurrent_cells.h"
#include "tfjs/layers/table.h"

namespace tensorferry {
namespace {

using Json = nlohmann::ordered_json;

Json row_of(std::string_view class_name, std::string_view pytorch, std::string_view reason) {
  const bool in_tfjs = class_name == "InputLayer" || tfjs::find_layer_kind(class_name) != nullptr;
  return {{"class", class_name},
          {"pytorch", pytorch},
          {"tfjs", pytorch == "abstract" ? "abstract"
                   : in_tfjs             ? "converted"
                                         : "refused"},
          {"reason", reason}};
}

}  // namespace

std::string layers_json() {
  std::vector<Json> rows;
  for (const keras::LayerRow& row : keras::layer_table()) {
    if (row.class_name.starts_with("ops.")) continue;
    const bool in_training = row.kind == &keras::augmentation_kind;
    rows.push_back(row_of(row.class_name, in_training ? "training only" : "converted", ""));
  }
  for (const keras::RefusedRow& row : keras::refused_layers()) {
    rows.push_back(row_of(row.class_name, "refused", row.reason));
  }
  for (const std::string_view name : keras::abstract_layers()) {
    rows.push_back(row_of(name, "abstract", keras::refusal_of(name)));
  }
  for (const std::string_view name : keras::cell_classes()) {
    rows.push_back({{"class", name},
                    {"pytorch", "within RNN"},
                    {"tfjs", "within RNN"},
                    {"reason", "a cell is no layer; the RNN that holds it is converted"}});
  }
  std::sort(rows.begin(), rows.end(), [](const Json& a, const Json& b) {
    return a["class"].get_ref<const std::string&>() < b["class"].get_ref<const std::string&>();
  });
  return Json(rows).dump();
}

}  // namespace tensorferry
