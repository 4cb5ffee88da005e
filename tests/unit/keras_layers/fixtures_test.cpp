#include <doctest/doctest.h>

#include <algorithm>

#include "graph/evaluate.h"
#include "graph/print.h"
#include "io/error.h"
#include "keras/lower.h"
#include "keras/read.h"
#include "keras_layers/fixture.h"

using namespace tensorferry;

namespace {

/// Empty, or what is wrong.
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

/// Empty, or what is wrong.
std::string compute(const test::FixtureStore& store, const std::string& name) {
  try {
    const test::Fixture fixture = test::load_fixture(store, name);
    // Deep nets are too large for an evaluator that is meant to be slow.
    const bool is_compared = fixture.kind == "single" && fixture.exit == 0;
    return is_compared ? compare(fixture) : "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

void check_outputs(const test::FixtureStore& store) {
  for (const std::string& name : test::fixture_names(store)) {
    CAPTURE(name);
    CHECK(compute(store, name) == "");
  }
}

/// All that is said about a model: the sentence of its error, or its notes.
std::string sentences(const std::vector<io::Source>& files) {
  try {
    std::string text;
    for (const io::Note& note : keras::lower(keras::read_model(files)).notes) {
      text += note.code + ": " + note.text + "\n";
    }
    return text;
  } catch (const io::Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("what a model means, computed plainly, is what Keras computes") {
  const test::FixtureStore pack = test::pack_fixtures();
  REQUIRE(test::fixture_names(pack).size() > 100);
  check_outputs(pack);
}

TEST_CASE("the same of all fixtures that are made") { check_outputs(test::made_fixtures()); }

TEST_CASE("what cannot be converted is said in the words of the file") {
  const test::FixtureStore pack = test::pack_fixtures();
  for (const std::string& name : test::fixture_names(pack)) {
    const test::Fixture fixture = test::load_fixture(pack, name);
    if (fixture.exit == 0 || name.find("weights_only") != std::string::npos) continue;
    const std::string said = sentences(fixture.files);
    CAPTURE(name);
    CAPTURE(said);
    CHECK(said != "");
    for (const std::string& word : fixture.words) CHECK(said.find(word) != std::string::npos);
  }
}
