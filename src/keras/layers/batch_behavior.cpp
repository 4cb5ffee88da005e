#include "keras/layers/batch_behavior.h"

#include <fmt/format.h>

#include "keras/keras_version.h"

namespace tensorferry::keras {

namespace {

bool is_fused(const Layer& layer, const Arguments& arguments, std::size_t rank,
              const std::vector<std::size_t>& axes) {
  const Json* fused = arguments.find("fused");
  const bool refused_by_user = fused != nullptr && fused->is_boolean() && !fused->get<bool>();
  const bool is_image = axes.size() == 1 && (rank == 4 || rank == 5) &&
                        (axes.front() == 1 || axes.front() == rank - 1);
  return is_image && !refused_by_user && layer.dtype != "float64" &&
         !arguments.boolean("synchronized", false) && !arguments.boolean("renorm", false);
}

}  // namespace

std::string batch_epsilon_warning(const Layer& layer, Generation generation,
                                  std::string_view keras_version, std::size_t rank,
                                  const std::vector<std::size_t>& axes) {
  // cuDNN's least, 1e-5, and what TensorFlow made of it, 1.001e-5, are the same in practice.
  constexpr double least = 0.999e-5;
  if (generation != Generation::Keras2 || !is_before(keras_version, 2, 12)) return {};
  const Arguments arguments(layer.name, layer.config);
  const double epsilon = arguments.number("epsilon", 1e-3);
  if (epsilon >= least || !is_fused(layer, arguments, rank, axes)) return {};
  return fmt::format(
      "Its epsilon is {}, as today's Keras computes with this file; TensorFlow before 2.12, on "
      "which Keras {} ran, raised it to 1.001e-5. Where variances are as small, outputs differ "
      "from those that the model had then.",
      epsilon, keras_version);
}

std::string_view batch_training_note(const Arguments& arguments) {
  if (arguments.boolean("renorm", false)) {
    return "Keras renormalizes its batches while it trains (`renorm`); the converted layer does "
           "not. At inference it is a plain BatchNormalization.";
  }
  return {};
}

}  // namespace tensorferry::keras
