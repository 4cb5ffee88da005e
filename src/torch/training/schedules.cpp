#include "torch/training/schedules.h"

#include <fmt/format.h>

#include <variant>
#include <vector>

#include "torch/training/settings.h"

namespace tensorferry::torch {
namespace {

using graph::Settings;
using python::Writer;

/// How many times the rate has decayed.
std::string decays(const Settings& settings) {
  const std::string steps = number_text(settings, "decay_steps", 1);
  return is_true(settings, "staircase") ? fmt::format("(step // {})", steps)
                                        : fmt::format("(step / {})", steps);
}

std::string start(const Settings& settings) {
  return number_text(settings, "initial_learning_rate", 0);
}

void write_exponential(const Settings& settings, Writer& writer) {
  writer.line(fmt::format("return {} * {} ** {}", start(settings),
                          number_text(settings, "decay_rate", 1), decays(settings)));
}

void write_inverse_time(const Settings& settings, Writer& writer) {
  writer.line(fmt::format("return {} / (1 + {} * {})", start(settings),
                          number_text(settings, "decay_rate", 0), decays(settings)));
}

const std::vector<double>* numbers(const Settings& settings, const char* name) {
  return std::get_if<std::vector<double>>(find(settings, name));
}

// A boundary belongs to the value before it.
void write_piecewise(const Settings& settings, Writer& writer) {
  const std::vector<double>& boundaries = *numbers(settings, "boundaries");
  const std::vector<double>& values = *numbers(settings, "values");
  for (std::size_t i = 0; i < boundaries.size(); ++i) {
    writer.line(fmt::format("if step <= {}:", number_text(boundaries[i])));
    writer.line(fmt::format("    return {}", number_text(values[i])));
  }
  writer.line(fmt::format("return {}", number_text(values.back())));
}

void write_polynomial(const Settings& settings, Writer& writer) {
  const std::string steps = number_text(settings, "decay_steps", 1);
  const std::string end = number_text(settings, "end_learning_rate", 0.0001);
  if (is_true(settings, "cycle")) {
    writer.line(fmt::format("steps = {0} * max(1, math.ceil(step / {0}))", steps));
    writer.line("left = 1 - step / steps");
  } else {
    writer.line(fmt::format("left = 1 - min(step, {0}) / {0}", steps));
  }
  writer.line(fmt::format("return ({} - {}) * left**{} + {}", start(settings), end,
                          number_text(settings, "power", 1), end));
}

void write_cosine(const Settings& settings, Writer& writer) {
  const std::string steps = number_text(settings, "decay_steps", 1);
  std::string top = start(settings);
  if (has(settings, "warmup_target")) {
    const std::string warmup = number_text(settings, "warmup_steps", 0);
    const std::string target = number_text(settings, "warmup_target", 0);
    writer.line(fmt::format("if step < {}:", warmup));
    writer.line(fmt::format("    return {0} + ({1} - {0}) * step / {2}", top, target, warmup));
    writer.line(fmt::format("step -= {}", warmup));
    top = target;
  }
  writer.line(fmt::format("cosine = (1 + math.cos(math.pi * min(step, {0}) / {0})) / 2", steps));
  writer.line(fmt::format("return {0} * ((1 - {1}) * cosine + {1})", top,
                          number_text(settings, "alpha", 0)));
}

void write_restarts(const Settings& settings, Writer& writer) {
  writer.line(fmt::format("length, height = {}, 1", number_text(settings, "first_decay_steps", 1)));
  writer.line("while step >= length:");
  writer.line("    step -= length");
  writer.line(fmt::format("    length *= {}", number_text(settings, "t_mul", 2)));
  writer.line(fmt::format("    height *= {}", number_text(settings, "m_mul", 1)));
  writer.line("cosine = height * (1 + math.cos(math.pi * step / length)) / 2");
  writer.line(fmt::format("return {0} * ((1 - {1}) * cosine + {1})", start(settings),
                          number_text(settings, "alpha", 0)));
}

using Write = void (*)(const Settings&, Writer&);

Write find_writer(std::string_view name) {
  if (name == "CosineDecay") return &write_cosine;
  if (name == "CosineDecayRestarts") return &write_restarts;
  if (name == "ExponentialDecay") return &write_exponential;
  if (name == "InverseTimeDecay") return &write_inverse_time;
  if (name == "PiecewiseConstantDecay") return &write_piecewise;
  return name == "PolynomialDecay" ? &write_polynomial : nullptr;
}

}  // namespace

bool has_schedule(const graph::Configured& schedule) {
  if (find_writer(schedule.class_name) == nullptr) return false;
  if (schedule.class_name == "PiecewiseConstantDecay") {
    const auto* boundaries = numbers(schedule.settings, "boundaries");
    const auto* values = numbers(schedule.settings, "values");
    return boundaries && values && values->size() == boundaries->size() + 1;
  }
  // Steps of none would divide by zero, or never end.
  const char* steps =
      schedule.class_name == "CosineDecayRestarts" ? "first_decay_steps" : "decay_steps";
  return number(schedule.settings, steps, 0) > 0 && number(schedule.settings, "t_mul", 2) >= 1;
}

void write_schedule(const graph::Configured& schedule, python::Writer& writer) {
  writer.line("def learning_rate(step):");
  writer.indent();
  writer.line(fmt::format("\"\"\"Keras's {}; steps count from 0.\"\"\"", schedule.class_name));
  find_writer(schedule.class_name)(schedule.settings, writer);
  writer.outdent();
}

}  // namespace tensorferry::torch
