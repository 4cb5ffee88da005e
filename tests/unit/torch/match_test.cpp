#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "io/error.h"
#include "torch/match/align.h"
#include "torch/match/differences.h"
#include "torch/match/expressions.h"
#include "torch/match/match.h"
#include "torch/match/places.h"
#include "torch/match/structure.h"
#include "torch/match/target_modules.h"
#include "torch/pickle.h"

using namespace tensorferry;
using namespace tensorferry::torch;

namespace {

std::string pickle_of_two() {
  return pickled_state_dict({{"conv.weight", "FloatStorage", 0, 24, {2, 3, 2, 2}, {12, 4, 2, 1}},
                             {"conv.bias", "FloatStorage", 1, 2, {2}, {1}}});
}

std::vector<std::size_t> modules_of(const std::vector<Pair>& pairs) {
  std::vector<std::size_t> modules;
  for (const Pair& pair : pairs) modules.push_back(pair.module);
  return modules;
}

constexpr double in_order = 0.95;

}  // namespace

TEST_CASE("a state_dict's pickle is read by names and shapes") {
  const auto names = names_of_pickle(pickle_of_two(), "a.pt");
  REQUIRE(names.size() == 2);
  CHECK(names[0] == NamedShape{"conv.weight", {2, 3, 2, 2}});
  CHECK(names[1] == NamedShape{"conv.bias", {2}});
}

TEST_CASE("a pickle that asks for anything else is refused by name") {
  // os.system("true")
  using namespace std::string_view_literals;
  try {
    names_of_pickle(
        "\x80\x02"
        "cos\nsystem\nX\x04\0\0\0true\x85R."sv,
        "a.pt");
    FAIL("it was read");
  } catch (const io::Error& error) {
    CHECK(error.code() == io::ErrorCode::WrongFormat);
    CHECK(std::string(error.what()).find("os.system") != std::string::npos);
  }
}

TEST_CASE("a damaged pickle is refused, whatever byte it is") {
  const std::string whole = pickle_of_two();
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    CHECK_THROWS_AS(names_of_pickle(whole.substr(0, cut), "a.pt"), io::Error);
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {0x01, 0x10, 0x80, 0xff}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      try {
        names_of_pickle(damaged, "a.pt");
      } catch (const io::Error& error) {
        CHECK(error.code() == io::ErrorCode::WrongFormat);
      }
    }
  }
}

TEST_CASE("built-in targets are found by name") {
  CHECK(built_in_targets().front() == "torchvision:resnet50");
  CHECK_FALSE(built_in_target("torchvision:resnet5"));
  const auto target = built_in_target("torchvision:resnet50");
  REQUIRE(target);
  CHECK(target->constructor == "torchvision.models.resnet50()");
  const TargetModule& first = target->modules.front();
  CHECK(first.prefix == "conv1");
  CHECK(first.entries.front().shape == tensor::Shape{64, 3, 7, 7});
  CHECK(first.settings->strides == std::vector<std::int64_t>{2, 2});
  CHECK(first.settings->paddings == std::vector<std::int64_t>{3, 3});
  CHECK(target->modules.back().has_classes);
  CHECK(path_of("layer1.0.conv1") == "model.layer1[0].conv1");
}

TEST_CASE("built-in targets have their steps") {
  const auto target = built_in_target("torchvision:resnet50");
  REQUIRE(target);
  REQUIRE(target->steps.size() > target->modules.size());
  const Step& relu = target->steps[2];
  CHECK(relu.operation == "relu");
  CHECK(!relu.holder);
  CHECK(relu.inputs == std::vector<std::size_t>{2});
  const auto sum = std::find_if(target->steps.begin(), target->steps.end(),
                                [](const Step& step) { return step.operation == "add"; });
  REQUIRE(sum != target->steps.end());
  const auto maker = [&](std::size_t n) {
    return target->modules[target->steps[sum->inputs[n] - 1].holder.value()].prefix;
  };
  CHECK(maker(0) == "layer1.0.bn3");
  CHECK(maker(1) == "layer1.0.downsample.1");
  CHECK(target->steps.back().holder == target->modules.size() - 1);
}

TEST_CASE("every step of every target takes what was there before it") {
  for (const std::string& name : built_in_targets()) {
    const auto target = built_in_target(name);
    for (std::size_t i = 0; i < target->steps.size(); ++i) {
      REQUIRE(!target->steps[i].inputs.empty());
      for (const std::size_t input : target->steps[i].inputs) REQUIRE(input <= i);
    }
  }
}

TEST_CASE("what computes the same is one expression") {
  Expressions e;
  const ExpressionId x = e.leaf("x");
  const ExpressionId y = e.leaf("y");
  const ExpressionId z = e.leaf("z");
  CHECK(e.apply("add", {x, y}) == e.apply("add", {y, x}));
  CHECK(e.apply("mul", {e.apply("sigmoid", {x}), x}) == e.apply("silu", {x}));
  CHECK(e.apply("mul", {e.apply("sigmoid", {x}), y}) != e.apply("silu", {x}));
  const ExpressionId gate = e.apply("mul 0.166667", {e.apply("relu6", {e.apply("add 3", {x})})});
  CHECK(gate == e.apply("hardsigmoid", {x}));
  CHECK(e.apply("mul", {x, gate}) == e.apply("hardswish", {x}));
  CHECK(e.apply("cat", {e.apply("cat", {x, y}), z}) == e.apply("cat", {x, y, z}));
  CHECK(e.apply("cat", {x, y}) != e.apply("cat", {y, x}));
  CHECK(e.apply("cat", {x}) == x);
  CHECK(e.apply("mul 1", {x}) == x);
  CHECK(e.apply("mul 1", {}) == e.leaf("mul 1"));
  CHECK(e.apply("relu", {x}) != e.apply("relu6", {x}));
}

TEST_CASE("an expression is shown as far as it helps") {
  Expressions e;
  const ExpressionId x = e.leaf("x");
  const auto as_is = [](const std::string& name) { return name; };
  CHECK(e.text(e.apply("relu", {e.apply("add", {x, x})}), as_is) == "relu(add(x, x))");
  const ExpressionId deep = e.apply("a", {e.apply("b", {e.apply("c", {e.apply("d", {x})})})});
  CHECK(e.text(deep, as_is) == "a(b(c(…)))");
}

TEST_CASE("places are told by what leads there and by what follows") {
  // Two layers of one shape take the input; the sum that takes one of them is taken by a third.
  const auto steps = [](bool swapped) {
    const std::size_t first = swapped ? 2 : 1;
    return std::vector<Step>{
        {swapped ? 1 : 0, "", "affine 8,8", {0}},
        {swapped ? 0 : 1, "", "affine 8,8", {0}},
        {std::nullopt, "", "relu", {first}},
        {std::nullopt, "", "add", {3, 3 - first}},
        {2, "", "affine 4,8", {4}},
    };
  };
  const std::map<std::size_t, std::size_t> all{{0, 0}, {1, 1}, {2, 2}};
  CHECK(pairs_at_same_places(steps(false), steps(true)) == all);
  CHECK(pairs_at_same_places(steps(false), steps(false)) == all);
}

TEST_CASE("places that nothing tells apart are no pair") {
  const std::vector<Step> alike{
      {0, "", "affine 8,8", {0}},
      {1, "", "affine 8,8", {0}},
      {std::nullopt, "", "add", {1, 2}},
      {2, "", "affine 4,8", {3}},
  };
  CHECK(pairs_at_same_places(alike, alike) == std::map<std::size_t, std::size_t>{{2, 2}});
  std::vector<Step> other = alike;
  other[2].operation = "mul";
  CHECK(pairs_at_same_places(alike, other).empty());
}

TEST_CASE("a head is taken out in one piece where it is one") {
  const auto target = built_in_target("torchvision:mobilenet_v3_small");
  REQUIRE(target);
  Pairing pairing;
  for (std::size_t m = 0; m < target->modules.size(); ++m) {
    if (target->modules[m].prefix.starts_with("classifier.")) pairing.head.push_back(m);
  }
  REQUIRE(pairing.head.size() == 2);
  CHECK(modules_of_head(*target, pairing) == std::vector<std::string>{"classifier"});
}

TEST_CASE("a state_dict is divided into modules") {
  const TargetModel target = target_of_names("own", {{"conv.weight", {8, 3, 3, 3}},
                                                     {"block.gamma", {8}},
                                                     {"bn.weight", {8}},
                                                     {"bn.running_mean", {8}},
                                                     {"conv.bias", {8}},
                                                     {"rnn.weight_ih_l0", {8, 2}}});
  REQUIRE(target.modules.size() == 4);
  CHECK(target.modules[0].entries.size() == 2);
  CHECK(target.modules[0].kind == TargetModule::Kind::Conv);
  CHECK(target.modules[1].kind == TargetModule::Kind::Vector);
  CHECK(target.modules[2].kind == TargetModule::Kind::BatchNorm);
  CHECK(target.modules[3].kind == TargetModule::Kind::Other);
}

TEST_CASE("equal names go together, then single shapes, then order") {
  const std::vector<Aligned> layers{{"a", "x"}, {"b", "x"}, {"c", "y"}, {"d", "x"}};
  const std::vector<Aligned> modules{{"d", "x"}, {"one", "x"}, {"two", "x"}, {"three", "y"}};
  const auto pairs = align(layers, modules, {}, in_order);
  CHECK(modules_of(pairs) == std::vector<std::size_t>{1, 2, 3, 0});
  CHECK(pairs[2].certainty == 1);
  CHECK(pairs[0].certainty == in_order);
}

TEST_CASE("the shorter way around a block is told from the longer") {
  // Keras runs the shorter way first, torchvision last; all have one shape.
  std::vector<Aligned> layers{{"short", "x", true}, {"long_1", "x"}, {"long_2", "x"}};
  std::vector<Aligned> modules{{"conv1", "x"}, {"conv2", "x"}, {"downsample.0", "x", true}};
  CHECK(modules_of(align(layers, modules, {}, in_order)) == std::vector<std::size_t>{2, 0, 1});
  // A BatchNorm goes with its convolution.
  layers.push_back({"short_bn", "n", false, true, 0});
  layers.push_back({"long_bn", "n", false, true, 2});
  modules.push_back({"bn2", "n", false, true, 1});
  modules.push_back({"downsample.1", "n", false, true, 2});
  CHECK(modules_of(align(layers, modules, {}, in_order)) ==
        std::vector<std::size_t>{2, 0, 1, 4, 3});
}

TEST_CASE("what does not go forward together is doubted") {
  // Within each shape the order is right, across shapes it cannot be.
  const std::vector<Aligned> layers{{"a", "x"}, {"b", "y"}, {"c", "x"}, {"d", "y"}};
  const std::vector<Aligned> modules{{"1", "y"}, {"2", "y"}, {"3", "x"}, {"4", "x"}};
  for (const Pair& pair : align(layers, modules, {}, in_order)) CHECK(pair.certainty < 0.9);
}

TEST_CASE("the last of a shape is no more certain than its twin") {
  // One is told by its name, which leaves one for the other.
  const std::vector<Aligned> layers{{"same", "x"}, {"b", "x"}};
  const std::vector<Aligned> modules{{"same", "x"}, {"2", "x"}};
  const auto pairs = align(layers, modules, {}, in_order);
  CHECK(pairs[1].certainty == in_order);
}

TEST_CASE("numbers that differ are paired by likeness, in doubt") {
  const std::vector<Aligned> layers{{"conv_1", "x"}, {"conv_3", "x"}};
  const std::vector<Aligned> modules{{"conv1", "x"}, {"conv2", "x"}, {"conv3", "x"}};
  const auto pairs = align(layers, modules, {}, in_order);
  CHECK(modules_of(pairs) == std::vector<std::size_t>{0, 2});
  for (const Pair& pair : pairs) CHECK(pair.certainty <= 0.9);
}

TEST_CASE("what is given stays") {
  const std::vector<Aligned> layers{{"a", "x"}, {"b", "x"}};
  const std::vector<Aligned> modules{{"1", "x"}, {"2", "x"}};
  CHECK(modules_of(align(layers, modules, {{0, {1, "given"}}}, in_order)) ==
        std::vector<std::size_t>{1, 0});
  CHECK(modules_of(align(layers, modules, {{0, {std::nullopt, ""}}}, in_order)).size() == 1);
}

TEST_CASE("a mapping is read as it was written") {
  const auto pairs = mapping_of_json(
      R"([{"layer": "a", "module": "b", "certainty": 1}, {"layer": null, "module": "c"},
          {"layer": "d", "module": null}])");
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0] == GivenPair{"a", "b"});
  CHECK_FALSE(pairs[1].second);
  CHECK_THROWS_AS(mapping_of_json("{}"), io::Error);
  CHECK_THROWS_AS(mapping_of_json("[1]"), io::Error);
  CHECK_THROWS_AS(mapping_of_json("["), io::Error);
}
