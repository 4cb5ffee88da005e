#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "torch/match/state_dict_file.h"
#include "torch/match/steps.h"

/// The PyTorch model that a user already has, as far as it is known: module by module.
namespace tensorferry::torch {

/// torch's own, of BatchNorm and LayerNorm.
inline constexpr double default_epsilon = 1e-5;

/// What a state_dict does not say of a module: known of the built-in targets (targets.txt).
struct ModuleSettings {
  std::vector<std::int64_t> kernel_size;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> paddings;
  std::vector<std::int64_t> dilations;
  bool pads_as_tensorflow = false;  ///< "same" by TensorFlow's rule, from sizes at run time
  bool ceil_mode = false;
  bool counts_padding = true;  ///< of an average pool
  double epsilon = default_epsilon;
};

struct TargetModule {
  enum class Kind { Conv, Linear, BatchNorm, Norm, Vector, MaxPool, AveragePool, Other };
  std::string prefix;  ///< "layer1.0.conv1"; of a Vector its whole key
  Kind kind = Kind::Other;
  std::vector<NamedShape> entries;  ///< by their names behind the prefix: "weight"
  bool has_classes = false;         ///< its rows are the model's classes
  std::optional<ModuleSettings> settings = std::nullopt;
};

bool is_pool(TargetModule::Kind kind);
/// A convolution or a linear layer.
bool is_affine(TargetModule::Kind kind);

struct TargetModel {
  std::string name;         ///< "torchvision:resnet50", or a file's name
  std::string constructor;  ///< Python that makes a built-in target; else empty
  std::vector<TargetModule> modules;
  std::vector<Step> steps;  ///< of a built-in target; the last gives the result

  bool is_built_in() const { return !constructor.empty(); }
};

/// The names of targets.txt, in its order.
std::vector<std::string> built_in_targets();
/// None by that name: nothing.
std::optional<TargetModel> built_in_target(std::string_view name);
/// A state_dict, divided by what stands before the last dot of a key. Throws OptionInvalid for a
/// tensor of more elements than any file has.
TargetModel target_of_names(std::string name, const std::vector<NamedShape>& names);

/// Of its weight, or of what else tells a module's size; empty where there is nothing.
tensor::Shape main_shape(const std::vector<NamedShape>& entries);

/// The key of an entry in the state_dict.
std::string key_of(const TargetModule& module, const NamedShape& entry);

}  // namespace tensorferry::torch
