#pragma once

#include <string>
#include <string_view>

#include "graph/training.h"

/// Reading what Keras was told.
namespace tensorferry::torch {

/// Nothing (monostate) where there is no such setting.
const graph::Setting* find(const graph::Settings& settings, const std::string& name);
double number(const graph::Settings& settings, const std::string& name, double otherwise);
bool is_true(const graph::Settings& settings, const std::string& name);
std::string text(const graph::Settings& settings, const std::string& name,
                 std::string_view otherwise);
bool has(const graph::Settings& settings, const std::string& name);

/// As it was given: Keras keeps numbers as float32, and 0.0010000000474974513 was 0.001.
double as_given(double value);

/// Python's literal of `as_given`.
std::string number_text(double value);

std::string number_text(const graph::Settings& settings, const std::string& name, double otherwise);

}  // namespace tensorferry::torch
