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

/// What the lowering says of shapes, held against an output: empty, or what is wrong.
std::string compare_shape(const std::vector<graph::Extent>& inferred, const graph::Array& output) {
  const bool fits = std::equal(inferred.begin(), inferred.end(), output.shape.begin(),
                               output.shape.end(), [](graph::Extent extent, std::uint64_t actual) {
                                 return extent == graph::unknown_extent ||
                                        static_cast<std::uint64_t>(extent) == actual;
                               });
  return fits ? "" : "another shape is inferred";
}

/// Empty, or what is wrong.
std::string compare_outputs(const std::vector<graph::Array>& found,
                            const std::vector<graph::Array>& expected) {
  if (found.size() != expected.size()) return "another number of outputs";
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string wrong = test::difference(found[i], expected[i]);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

/// Empty, or what is wrong. Deep nets are too large for an evaluator that is meant to be slow: of
/// them only the shapes are looked at.
std::string compare(const test::Fixture& fixture) {
  const keras::Model model = keras::read_model(fixture.files);
  const graph::Program program = keras::lower(model);
  const graph::Graph& graph = program.graphs.at(program.root);
  const auto load = test::tensor_loader(test::with_made(fixture.files, model.made));
  std::string wrong;
  for (const io::Note& note : program.notes) {
    const bool expected =
        std::find(fixture.notes.begin(), fixture.notes.end(), note.code) != fixture.notes.end();
    if (note.severity != io::Severity::Info && !expected) wrong += note.text;
  }
  for (const test::FixtureRun& run : fixture.runs) {
    for (std::size_t i = 0; i < run.outputs.size(); ++i) {
      wrong += compare_shape(graph.values[graph.outputs.at(i).value].shape, run.outputs[i]);
    }
    if (fixture.kind == "single") {
      wrong += compare_outputs(graph::evaluate(program, run.inputs, load), run.outputs);
    }
  }
  return wrong.empty() ? "" : wrong + "\n" + graph::print(program);
}

/// Empty, or what is wrong.
std::string compute(const test::FixtureStore& store, const std::string& name) {
  try {
    const test::Fixture fixture = test::load_fixture(store, name);
    return fixture.exit == 0 ? compare(fixture) : "";
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

TEST_CASE("the comparison sees a kernel whose columns are exchanged") {
  const test::FixtureStore pack = test::pack_fixtures();
  const test::Fixture fixture = test::load_fixture(pack, "keras3/dense/dense");
  const graph::Program program = keras::lower(keras::read_model(fixture.files));
  const auto load = test::tensor_loader(fixture.files);
  const auto exchanged = [&load](const tensor::TensorRef& ref) {
    graph::Array array = load(ref);
    if (array.shape.size() == 2) std::reverse(array.data.begin(), array.data.end());
    return array;
  };
  const test::FixtureRun& run = fixture.runs.at(0);
  CHECK(compare_outputs(graph::evaluate(program, run.inputs, load), run.outputs) == "");
  CHECK(compare_outputs(graph::evaluate(program, run.inputs, exchanged), run.outputs) != "");
}

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
