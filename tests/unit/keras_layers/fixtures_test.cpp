#include <doctest/doctest.h>

#include <algorithm>

#include "graph/evaluate.h"
#include "graph/print.h"
#include "keras/lower.h"
#include "keras/read.h"
#include "keras_layers/fixture.h"

using namespace tensorferry;

namespace {

/// Rows of the fixtures that are too large for an evaluator that is meant to be slow.
bool is_small(const test::Fixture& fixture) { return fixture.kind == "single"; }

std::string compare(const test::Fixture& fixture) {
  const graph::Program program = keras::lower(keras::read_model(fixture.files));
  const auto load = test::tensor_loader(fixture.files);
  for (const test::FixtureRun& run : fixture.runs) {
    const std::vector<graph::Array> outputs = graph::evaluate(program, run.inputs, load);
    if (outputs.size() != run.outputs.size()) return "another number of outputs";
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const std::string wrong = test::difference(outputs[i], run.outputs[i]);
      if (!wrong.empty()) return wrong + "\n" + graph::print(program);
    }
  }
  return "";
}

}  // namespace

TEST_CASE("what a model means, computed plainly, is what Keras computes") {
  const char* only = std::getenv("TENSORFERRY_FIXTURE");
  for (const std::string& name : test::fixture_names(only == nullptr ? "" : only)) {
    CAPTURE(name);
    std::string wrong;
    try {
      const test::Fixture fixture = test::load_fixture(name);
      if (!is_small(fixture) || fixture.exit != 0) continue;
      wrong = compare(fixture);
    } catch (const std::exception& error) {
      wrong = error.what();
    }
    CHECK(wrong == "");
  }
}
