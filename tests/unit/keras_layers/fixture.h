#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/evaluate.h"
#include "io/source.h"
#include "keras/model.h"

/// The fixtures that real Keras made (tests/fixtures), for units.
namespace tensorferry::test {

struct FixtureRun {
  std::vector<graph::Array> inputs;
  std::vector<graph::Array> outputs;
};

struct Fixture {
  std::string name;  ///< "keras3/convolution/conv1d_causal"
  std::string kind;  ///< "single", "deep", "none"
  int exit = 0;
  std::vector<std::string> notes;  ///< codes that must be there
  std::vector<std::string> words;  ///< that a refusal's sentence must hold
  std::vector<io::Source> files;
  std::vector<FixtureRun> runs;
};

/// Where fixtures come from: the names of their files ("keras3/dense/dense_relu.json") and their
/// bytes.
struct FixtureStore {
  std::vector<std::string> files;
  std::function<std::vector<std::byte>(const std::string& file)> read;
};

/// The committed pack.
FixtureStore pack_fixtures();
/// What tests/fixtures/make.py has made, in $TENSORFERRY_FIXTURES or build/fixtures; empty if it
/// has not.
FixtureStore made_fixtures();

/// Names of the fixtures of a store, without an extension.
std::vector<std::string> fixture_names(const FixtureStore& store);
Fixture load_fixture(const FixtureStore& store, const std::string& name);

/// The sources that tensors refer to: the files, then what is made of them (`Model::made`).
std::vector<io::Source> with_made(std::vector<io::Source> files,
                                  const std::vector<tensor::Computation>& made);

/// A stored tensor as the evaluator wants it, read from its sources.
graph::LoadTensor tensor_loader(const std::vector<io::Source>& sources);

/// max|a − b| ≤ 1e-5 · max|b| + 1e-6; the empty text, or what is wrong.
std::string difference(const graph::Array& found, const graph::Array& expected);

}  // namespace tensorferry::test
