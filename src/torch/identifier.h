#pragma once

#include <set>
#include <string>
#include <string_view>

namespace tensorferry::torch {

/// Identifiers of one scope (the attributes of a class, the variables of a function, the names of
/// the file), made of names that a model gives: NFKC; every character outside [A-Za-z0-9_] becomes
/// '_'; a leading digit or "__" gets the prefix "layer_"; a Python keyword or a name of nn.Module
/// gets the suffix '_'; a clash gets
/// "_2", "_3"….
class Scope {
 public:
  /// Names that are taken from the start.
  explicit Scope(std::set<std::string> taken = {}) : taken_(std::move(taken)) {}

  std::string identifier(std::string_view name);
  /// Gives a name back, for variables that are read no more.
  void release(const std::string& identifier) { taken_.erase(identifier); }

 private:
  std::set<std::string> taken_;
};

/// The rule of `Scope` but for clashes.
std::string checked_identifier(std::string_view name);

/// A class's name: "my_net-2" → "MyNet2".
std::string class_identifier(std::string_view name);

}  // namespace tensorferry::torch
