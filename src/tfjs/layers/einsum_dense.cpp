#include <algorithm>
#include <string>

#include "tfjs/activations.h"
#include "tfjs/layers/affine.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

/// A letter for each axis.
struct Labels {
  std::string input;
  std::string kernel;
  std::string output;
};

bool has(const std::string& labels, char label) { return labels.find(label) != std::string::npos; }

void replace_ellipsis(std::string& labels, const std::string& elided) {
  const std::size_t at = labels.find("...");
  if (at != std::string::npos) {
    labels.replace(at, 3, elided);
  }
}

Labels labels_of(const LayerCall& call, std::size_t rank) {
  std::string equation = call.arguments().text("equation", "");
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  const std::size_t comma = equation.find(',');
  const std::size_t arrow = equation.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || arrow < comma) {
    call.arguments().mistaken("equation", "\"abc,cd->abd\"");
  }
  Labels labels{equation.substr(0, comma), equation.substr(comma + 1, arrow - comma - 1),
                equation.substr(arrow + 2)};
  std::string elided;
  const std::size_t written = labels.input.size() - (has(labels.input, '.') ? 3 : 0);
  for (char c = 'A'; has(labels.input, '.') && elided.size() + written < rank && c <= 'Z'; ++c) {
    if (!has(equation, c)) {
      elided += c;
    }
  }
  replace_ellipsis(labels.input, elided);
  replace_ellipsis(labels.output, elided);
  if (labels.input.size() != rank || labels.kernel.size() != call.stored("kernel").shape.size()) {
    call.arguments().mistaken("equation", "one that fits its tensors");
  }
  return labels;
}

bool is_repeated(const std::string& labels) {
  return std::any_of(labels.begin(), labels.end(), [&](char label) {
    return std::count(labels.begin(), labels.end(), label) > 1;
  });
}

/// What is summed over, what of the input is left, and what the kernel adds.
struct Roles {
  std::string contracted;  ///< in the kernel's order
  std::string kept;        ///< in the result's order, without the batch
  std::string added;       ///< in the kernel's order
};

Roles roles_of(const Labels& labels) {
  const bool batch_first = !labels.output.empty() && labels.input.front() == labels.output.front();
  if (!batch_first || has(labels.kernel, labels.input.front())) {
    throw Refusal{"Its equation does not leave the batch as it is."};
  }
  Roles roles;
  for (const char label : labels.kernel) {
    (has(labels.input, label) ? roles.contracted : roles.added) += label;
  }
  for (const char label : labels.output.substr(1)) {
    if (has(labels.input, label)) {
      roles.kept += label;
    }
  }
  const bool is_product = !is_repeated(labels.input) && !is_repeated(labels.kernel) &&
                          !is_repeated(labels.output) &&
                          labels.input.size() == 1 + roles.kept.size() + roles.contracted.size() &&
                          labels.output.size() == 1 + roles.kept.size() + roles.added.size() &&
                          std::none_of(roles.kept.begin(), roles.kept.end(),
                                       [&](char label) { return has(labels.kernel, label); });
  if (!is_product) {
    throw Refusal{"Its equation is no product of matrices, and TF.js's Dense is one."};
  }
  return roles;
}

std::vector<std::size_t> positions(const std::string& wanted, const std::string& labels) {
  std::vector<std::size_t> result;
  for (const char label : wanted) {
    result.push_back(labels.find(label));
  }
  return result;
}

/// The letters of `bias_axes`, in the order of the result.
std::string bias_labels(const LayerCall& call, const Labels& labels) {
  const std::string axes = call.arguments().text("bias_axes", "");
  std::string ordered;
  for (const char label : labels.output) {
    if (has(axes, label)) {
      ordered += label;
    }
  }
  return ordered;
}

Tensor add_bias(LayerCall& call, const Tensor& y, const Labels& labels, const std::string& bias) {
  const tensor::TensorRef& stored = call.stored("bias");
  const std::uint64_t count = tensor::element_count(stored.shape);
  return normalize_axes(
      call, "bias", y, positions(bias, labels.output),
      {{"epsilon", 0.0}, {"scale", false}, {"center", true}},
      {stored_weight("beta", stored, {count}), filled_weight("moving_mean", {count}, 0),
       filled_weight("moving_variance", {count}, 1)});
}

}  // namespace

// A Dense along the axes that are summed over, joined to be the last one.
Tensor lower_einsum_dense(LayerCall& call) {
  const Tensor& input = call.input();
  const Labels labels = labels_of(call, input.shape.size());
  const Roles roles = roles_of(labels);
  const tensor::TensorRef& kernel = call.stored("kernel");
  const auto extent = [&](char label) {
    return static_cast<std::int64_t>(kernel.shape[labels.kernel.find(label)]);
  };
  Tensor x =
      permute(call, "summed_last", input, positions(roles.kept + roles.contracted, labels.input));
  Shape kept(x.shape.begin() + 1,
             x.shape.begin() + 1 + static_cast<std::ptrdiff_t>(roles.kept.size()));
  std::int64_t in = 1;
  std::int64_t units = 1;
  for (const char label : roles.contracted) {
    in *= extent(label);
  }
  for (const char label : roles.added) {
    units *= extent(label);
  }
  Shape joined = kept;
  joined.push_back(in);
  x = reshape(call, "join", x, joined);
  const tensor::Shape matrix{static_cast<std::uint64_t>(in), static_cast<std::uint64_t>(units)};
  std::vector<LayerWeight> weights{
      viewed_weight("kernel", kernel,
                    tensor::permuted(tensor::identity_view(0, kernel.shape),
                                     positions(roles.contracted + roles.added, labels.kernel)),
                    matrix, "matrix")};
  const std::string bias = bias_labels(call, labels);
  const bool in_dense = !bias.empty() && bias == roles.added;
  if (in_dense) {
    weights.push_back(stored_weight("bias", call.stored("bias"), {matrix[1]}));
  }
  Tensor y =
      call.add("", "Dense", {{"units", units}, {"use_bias", in_dense}, {"activation", "linear"}},
               {x}, std::move(weights));
  Shape split = kept;
  for (const char label : roles.added) {
    split.push_back(extent(label));
  }
  y = reshape(call, "split", y, split);
  std::vector<std::size_t> order = positions(labels.output.substr(1), roles.kept + roles.added);
  for (std::size_t& axis : order) {
    axis += 1;
  }
  y = permute(call, "axes", y, order);
  if (!bias.empty() && !in_dense) {
    y = add_bias(call, y, labels, bias);
  }
  return apply_activation(call, activation_of(call), y);
}

}  // namespace tensorferry::tfjs
