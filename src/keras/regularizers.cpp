#include "keras/regularizers.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "keras/json_text.h"

namespace tensorferry::keras {
namespace {

constexpr std::string_view ending = "_regularizer";

struct Factors {
  double l1 = 0;
  double l2 = 0;
};

double factor(const Json& config, const char* key, double otherwise) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return otherwise;
  return found->is_number() ? found->get<double>() : 0;
}

// By class, or by the name of one with its defaults (keras/src/regularizers/regularizers.py).
std::optional<Factors> factors_of(const Json& regularizer) {
  const bool is_name = regularizer.is_string();
  const std::string_view name = is_name
                                    ? std::string_view(regularizer.get_ref<const std::string&>())
                                    : text_member(regularizer, "class_name");
  const Json empty = Json::object();
  const Json& config = is_name ? empty : regularizer["config"];
  if (name == "L1" || name == "l1") return Factors{factor(config, "l1", 0.01), 0};
  if (name == "L2" || name == "l2") return Factors{0, factor(config, "l2", 0.01)};
  if (name == "L1L2" || name == "l1_l2") {
    const double otherwise = is_name ? 0.01 : 0;
    return Factors{factor(config, "l1", otherwise), factor(config, "l2", otherwise)};
  }
  return std::nullopt;
}

class RegularizerReader {
 public:
  explicit RegularizerReader(io::Notes& notes) : notes_(notes) {}

  void read(const Model& model) {
    for (const Layer& layer : model.layers) read(layer);
  }

  std::vector<graph::Penalty> take() { return std::move(penalties_); }

 private:
  void read(const Layer& layer) {
    if (layer.model) read(*layer.model);
    for (const Layer& inner : layer.wrapped) read(inner);
    if (!layer.config.is_object()) return;
    for (const auto& [key, value] : layer.config.items()) {
      if (value.is_null()) continue;
      if (key.ends_with(ending)) add(layer, key.substr(0, key.size() - ending.size()), value);
    }
  }

  void add(const Layer& layer, const std::string& subject, const Json& regularizer) {
    const std::optional<Factors> factors = factors_of(regularizer);
    if (subject == "activity") {
      refuse(layer, "a regularizer of its activations");
    } else if (!factors) {
      refuse(layer, fmt::format("the regularizer of its {}", subject));
    } else if (layer.trainable && (factors->l1 != 0 || factors->l2 != 0)) {
      for (const Weight& weight : layer.weights) {
        if (is_weight_of(weight.role, subject)) {
          penalties_.push_back({weight.tensor, factors->l1, factors->l2});
        }
      }
    }
  }

  void refuse(const Layer& layer, const std::string& what) {
    notes_.push_back(
        {io::Severity::Info, layer.name, "regularizer-unsupported",
         fmt::format("Layer \"{}\" has {}, which training.py leaves out.", layer.name, what)});
  }

  io::Notes& notes_;
  std::vector<graph::Penalty> penalties_;
};

}  // namespace

bool is_weight_of(std::string_view role, std::string_view subject) {
  const std::size_t slash = role.rfind('/');
  const std::string_view own = slash == std::string_view::npos ? role : role.substr(slash + 1);
  return own == subject || own == fmt::format("{}_kernel", subject);
}

std::vector<graph::Penalty> read_penalties(const Model& model, io::Notes& notes) {
  RegularizerReader reader(notes);
  reader.read(model);
  return reader.take();
}

}  // namespace tensorferry::keras
