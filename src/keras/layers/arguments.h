#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "keras/model.h"

namespace tensorferry::keras {

/// A layer's `config` with typed access. Keras's `null` is an argument that was not given. What is
/// of another type than Keras writes throws io::Error{ConfigInvalid} that names the layer and the
/// argument.
class Arguments {
 public:
  Arguments(std::string_view layer, const Json& config) : layer_(layer), config_(config) {}

  /// Null if absent or `null`.
  const Json* find(std::string_view name) const;

  bool boolean(std::string_view name, bool otherwise) const;
  double number(std::string_view name, double otherwise) const;
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  std::int64_t integer(std::string_view name) const;           ///< must be there
  std::int64_t positive_integer(std::string_view name) const;  ///< must be there, at least 1
  std::string text(std::string_view name, std::string_view otherwise) const;

  /// One number for all or a list of `count`.
  std::vector<std::int64_t> integers(std::string_view name, std::size_t count,
                                     std::int64_t otherwise) const;
  /// The same, each at least 1.
  std::vector<std::int64_t> positive_integers(std::string_view name, std::size_t count,
                                              std::int64_t otherwise) const;
  /// A number or a list of numbers of any length.
  std::vector<std::int64_t> integer_list(std::string_view name) const;
  std::vector<double> number_list(std::string_view name) const;

  const std::string& layer() const { return layer_; }
  const Json& config() const { return config_; }

  [[noreturn]] void mistaken(std::string_view name, std::string_view expected) const;

 private:
  std::string layer_;
  const Json& config_;
};

/// The elements of a list, also in the spelling {"class_name": "__tuple__", "items": […]} of
/// Keras 3. Null if it is none.
const Json* list_items(const Json& value);

}  // namespace tensorferry::keras
