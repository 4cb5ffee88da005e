#pragma once

#include <string>

#include "graph/training.h"
#include "torch/python.h"

namespace tensorferry::torch {

/// Whether `write_schedule` has a spelling of it.
bool has_schedule(const graph::Configured& schedule);

/// Writes `learning_rate(step)`, steps counted from 0. Sources of the formulas:
/// keras/src/optimizers/schedules/learning_rate_schedule.py.
void write_schedule(const graph::Configured& schedule, python::Writer& writer);

}  // namespace tensorferry::torch
