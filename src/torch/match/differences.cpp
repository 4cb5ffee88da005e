#include "torch/match/differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>

#include "graph/infer.h"

namespace tensorferry::torch {

namespace {

using graph::Pad;
using Kind = TargetModule::Kind;
using python::Expression;

struct Window {
  std::vector<std::int64_t> size;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
};

Window window_of(const graph::Op& op) {
  if (const auto* conv = std::get_if<graph::Conv>(&op)) {
    return {conv->kernel_size, conv->strides, conv->dilations};
  }
  const auto& pool = std::get<graph::Pool>(op);
  return {pool.size, pool.strides, std::vector<std::int64_t>(pool.size.size(), 1)};
}

/// Where the windows along one axis begin, and how many there are.
struct Windows {
  std::int64_t before = 0;
  graph::Extent count = graph::unknown_extent;
  bool operator==(const Windows&) const = default;
};

Windows windows_along(graph::Extent extent, const Pad& pad, std::int64_t reach, std::int64_t stride,
                      bool ceil) {
  if (extent == graph::unknown_extent) return {pad.before, graph::unknown_extent};
  const std::int64_t room = extent + pad.before + pad.after - reach;
  return {pad.before, (room + (ceil ? stride - 1 : 0)) / stride + 1};
}

class Comparison {
 public:
  Comparison(const std::vector<WeightedLayer>& layers, const TargetModel& target)
      : layers_(layers), target_(target) {}

  void compare(const Match& match) {
    const WeightedLayer& layer = layers_[match.layer];
    const TargetModule& module = target_.modules[match.module];
    if (!module.settings) return;
    const bool is_pool = module.kind == Kind::MaxPool || module.kind == Kind::AveragePool;
    if ((module.kind == Kind::Conv && layer.kind == Kind::Conv) || is_pool) {
      compare_windows(layer, module);
    }
    if (module.kind == Kind::BatchNorm) {
      compare_epsilon(std::get<graph::BatchNorm>(layer.node->op).epsilon, module, false);
    }
    if (module.kind == Kind::Norm) {
      if (const auto* norm = std::get_if<graph::LayerNorm>(&layer.node->op)) {
        compare_epsilon(norm->epsilon, module, true);
      }
    }
  }

  // torch's average pools of Inception are functions, which count the padding.
  void compare_inception() {
    if (!target_.name.ends_with(":inception_v3")) return;
    for (const TargetModule& module : target_.modules) {
      const std::string end = ".branch_pool.conv";
      if (!module.prefix.ends_with(end)) continue;
      const std::string owner = module.prefix.substr(0, module.prefix.size() - 5);
      result_.averages_real_cells = true;
      result_.calls.push_back(python::call("average_real_cells", {python::atom(path_of(owner))}));
    }
  }

  Differences take() { return std::move(result_); }

 private:
  void assign(const TargetModule& module, const char* attribute, const std::string& value) {
    result_.assignments.push_back(
        fmt::format("{}.{} = {}", path_of(module.prefix), attribute, value));
  }

  static std::string pair_text(const std::vector<std::int64_t>& pair) {
    return python::text_of(python::tuple_of(pair));
  }

  // A smaller epsilon cannot go into the variance, nor any into a LayerNorm's.
  void compare_epsilon(double keras, const TargetModule& module, bool always) {
    const double torch = module.settings->epsilon;
    if (keras < torch || (always && keras != torch)) {
      assign(module, "eps", python::text_of(python::number(keras)));
    }
  }

  void compare_windows(const WeightedLayer& layer, const TargetModule& module) {
    const ModuleSettings& settings = *module.settings;
    const Window window = window_of(layer.node->op);
    if (window.size.size() != 2) return;
    const bool is_pool = module.kind != Kind::Conv;
    if (window.strides != settings.strides) assign(module, "stride", pair_text(window.strides));
    if (!is_pool && window.dilations != settings.dilations) {
      assign(module, "dilation", pair_text(window.dilations));
    }
    if (module.kind == Kind::AveragePool) {
      compare_average_pads(layer, module, window);
    } else {
      compare_pads(layer, module, window);
    }
  }

  static bool is_padded(const std::vector<Pad>& pads) {
    return std::any_of(pads.begin(), pads.end(),
                       [](const Pad& pad) { return pad.before + pad.after > 0; });
  }

  /// Keras's own padding is not counted, zeros of a layer before the pool are.
  void compare_average_pads(const WeightedLayer& layer, const TargetModule& module,
                            const Window& window) {
    const ModuleSettings& settings = *module.settings;
    const Surroundings& around = layer.surroundings;
    const bool is_same = is_same_along_all(layer, settings, window);
    if (around.by_size) {
      note_padding(layer, module);
    } else if (!around.counted) {
      if (!is_same) note_padding(layer, module);
      if (settings.counts_padding && is_padded(around.pads)) {
        assign(module, "count_include_pad", "False");
      }
    } else if (is_padded(std::get<graph::Pool>(layer.node->op).padding.pads)) {
      note_padding(layer, module);
    } else if (!is_same || !settings.counts_padding || settings.pads_as_tensorflow) {
      if (settings.pads_as_tensorflow) replace_pool(module, window);
      pad_before(module, around, false);
    }
  }

  static std::int64_t reach(const Window& window, std::size_t i) {
    return (window.size[i] - 1) * window.dilations[i] + 1;
  }

  static Pad pad_of_target(const WeightedLayer& layer, const ModuleSettings& settings,
                           const Window& window, std::size_t i) {
    if (!settings.pads_as_tensorflow) return {settings.paddings[i], settings.paddings[i]};
    return graph::same_pad(layer.surroundings.extents[i], window.size[i], window.strides[i],
                           window.dilations[i]);
  }

  void compare_pads(const WeightedLayer& layer, const TargetModule& module, const Window& window) {
    const ModuleSettings& settings = *module.settings;
    const Surroundings& around = layer.surroundings;
    const bool of_max = module.kind == Kind::MaxPool;
    if (around.by_size) {
      if (!settings.pads_as_tensorflow) pad_by_size(module, window, of_max);
      return;
    }
    const bool is_known =
        std::all_of(around.extents.begin(), around.extents.end(),
                    [](graph::Extent extent) { return extent != graph::unknown_extent; });
    if (settings.pads_as_tensorflow && !is_known && !strides_are_one(window)) {
      note_unknown_size(layer, module);
      return;
    }
    if ((!of_max || !around.zeros) && is_same_along_all(layer, settings, window)) return;
    if (settings.pads_as_tensorflow && !is_pool(module.kind)) {
      note_padding(layer, module);
      return;
    }
    if (settings.pads_as_tensorflow) replace_pool(module, window);
    const bool is_symmetric = std::all_of(around.pads.begin(), around.pads.end(),
                                          [](const Pad& pad) { return pad.before == pad.after; });
    // torch's pools pad by half their size at most.
    const bool is_too_wide = of_max && (2 * around.pads[0].before > window.size[0] ||
                                        2 * around.pads[1].before > window.size[1]);
    if (is_symmetric && !is_too_wide && !settings.pads_as_tensorflow && !(of_max && around.zeros)) {
      assign(module, "padding", pair_text({around.pads[0].before, around.pads[1].before}));
    } else {
      pad_before(module, around, of_max);
    }
  }

  static bool strides_are_one(const Window& window) {
    return std::all_of(window.strides.begin(), window.strides.end(),
                       [](std::int64_t stride) { return stride == 1; });
  }

  static bool is_same_along_all(const WeightedLayer& layer, const ModuleSettings& settings,
                                const Window& window) {
    for (std::size_t i = 0; i < layer.surroundings.pads.size(); ++i) {
      if (!is_same_along(layer, settings, window, i)) return false;
    }
    return true;
  }

  static bool is_same_along(const WeightedLayer& layer, const ModuleSettings& settings,
                            const Window& window, std::size_t i) {
    const Pad& keras = layer.surroundings.pads[i];
    const graph::Extent extent = layer.surroundings.extents[i];
    const Pad torch = pad_of_target(layer, settings, window, i);
    if (extent == graph::unknown_extent) return keras == torch && !settings.ceil_mode;
    return windows_along(extent, keras, reach(window, i), window.strides[i], false) ==
           windows_along(extent, torch, reach(window, i), window.strides[i], settings.ceil_mode);
  }

  /// timm's pools that pad by themselves do so whatever was padded before.
  void replace_pool(const TargetModule& module, const Window& window) {
    result_.uses_torch = true;
    result_.assignments.push_back(
        fmt::format("{} = torch.nn.{}({}, stride={})", path_of(module.prefix),
                    module.kind == Kind::MaxPool ? "MaxPool2d" : "AvgPool2d",
                    pair_text(window.size), pair_text(window.strides)));
  }

  void pad_before(const TargetModule& module, const Surroundings& around, bool of_max) {
    result_.pads_before = true;
    std::vector<Expression> arguments{
        python::atom(path_of(module.prefix)),
        python::tuple_of({around.pads[1].before, around.pads[1].after, around.pads[0].before,
                          around.pads[0].after})};
    if (of_max && !around.zeros) arguments.push_back(python::number(-infinity));
    result_.calls.push_back(python::call("pad_before", std::move(arguments)));
  }

  void pad_by_size(const TargetModule& module, const Window& window, bool of_max) {
    result_.pads_by_size = true;
    std::vector<Expression> arguments{python::atom(path_of(module.prefix)),
                                      python::tuple_of(window.size),
                                      python::tuple_of(window.strides)};
    if (of_max) arguments.push_back(python::number(-infinity));
    result_.calls.push_back(python::call("pad_by_size", std::move(arguments)));
  }

  void note_unknown_size(const WeightedLayer& layer, const TargetModule& module) {
    result_.notes.push_back(
        {io::Severity::Warning, layer.keras_name, "match-size-unknown",
         fmt::format("{} is padded by what its input's size asks for, {} always alike: they agree "
                     "where the size is even. A model with a fixed input size shows whether they "
                     "do.",
                     module.prefix, layer.name)});
  }

  void note_padding(const WeightedLayer& layer, const TargetModule& module) {
    result_.notes.push_back(
        {io::Severity::Refused, layer.keras_name, "match-padding-differs",
         fmt::format("{} pads otherwise than {}, and cannot be told to: what comes out is another.",
                     module.prefix, layer.name)});
  }

  static constexpr double infinity = std::numeric_limits<double>::infinity();

  const std::vector<WeightedLayer>& layers_;
  const TargetModel& target_;
  Differences result_;
};

}  // namespace

std::string path_of(const std::string& prefix) {
  std::string path = "model";
  std::size_t begin = 0;
  while (begin <= prefix.size()) {
    const std::size_t end = std::min(prefix.find('.', begin), prefix.size());
    const std::string part = prefix.substr(begin, end - begin);
    const bool is_index = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return std::isdigit(static_cast<unsigned char>(c)) != 0;
    });
    path += is_index ? "[" + part + "]" : "." + part;
    begin = end + 1;
  }
  return path;
}

Differences differences(const std::vector<WeightedLayer>& layers, const TargetModel& target,
                        const std::vector<Match>& matches, const std::vector<Match>& pools) {
  Comparison comparison(layers, target);
  std::vector<Match> all = matches;
  all.insert(all.end(), pools.begin(), pools.end());
  std::sort(all.begin(), all.end(),
            [](const Match& a, const Match& b) { return a.module < b.module; });
  for (const Match& match : all) comparison.compare(match);
  comparison.compare_inception();
  return comparison.take();
}

}  // namespace tensorferry::torch
