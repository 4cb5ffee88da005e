#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "io/error.h"
#include "keras/read.h"
#include "pack.h"

using namespace tensorferry;
using keras::Layer;
using keras::Model;

namespace {

Model read(const std::string& family, const std::string& name) {
  return keras::read_model({test::pack_file(family, name)});
}

const Layer& find(const Model& model, const std::string& name) {
  const auto found = std::find_if(model.layers.begin(), model.layers.end(),
                                  [&](const Layer& layer) { return layer.name == name; });
  REQUIRE(found != model.layers.end());
  return *found;
}

std::string weight(const Model& root, const Layer& layer, const std::string& role) {
  for (const keras::Weight& weight : layer.weights) {
    if (weight.role == role) return root.tensors[weight.tensor].name;
  }
  return "none";
}

const Model* inner_model(const Model& model) {
  for (const Layer& layer : model.layers) {
    if (layer.model) return layer.model.get();
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a frozen layer before another of equal shapes: stored last, bound right") {
  for (const std::string generation : {"keras2", "keras3"}) {
    for (const std::string file :
         {"frozen_first_equal_shapes.h5", "frozen_first_equal_shapes_sequential.h5"}) {
      CAPTURE(generation + "/" + file);
      const Model model = read("nesting", generation + "/" + file);
      const Model* inner = inner_model(model);
      REQUIRE(inner != nullptr);
      int checked = 0;
      for (const Layer& layer : inner->layers) {
        if (layer.weights.empty()) continue;
        const std::string kernel = weight(model, layer, "kernel");
        CHECK(kernel.find(layer.name + "/kernel") != std::string::npos);
        ++checked;
      }
      CHECK(checked >= 2);
      CHECK(std::any_of(inner->layers.begin(), inner->layers.end(),
                        [](const Layer& layer) { return !layer.trainable; }));
      // The order of the file is not that of the config, or this test could not fail.
      std::vector<std::uint32_t> order;
      for (const Layer& layer : inner->layers) {
        for (const keras::Weight& w : layer.weights) order.push_back(w.tensor);
      }
      CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
    }
  }
}

TEST_CASE("calls of a nested model count from 0 in both generations") {
  for (const std::string generation : {"keras2", "keras3"}) {
    CAPTURE(generation);
    const Model model = read("nesting", generation + "/called_twice.h5");
    const auto nested = std::find_if(model.layers.begin(), model.layers.end(),
                                     [](const Layer& layer) { return layer.model != nullptr; });
    REQUIRE(nested != model.layers.end());
    CHECK(nested->calls.size() == 2);
    const auto index = static_cast<std::uint32_t>(nested - model.layers.begin());
    std::vector<std::uint32_t> nodes;
    for (const Layer& layer : model.layers) {
      for (const keras::Call& call : layer.calls) {
        for (const keras::TensorHandle& tensor : keras::tensors_of(call)) {
          if (tensor.layer == index) nodes.push_back(tensor.node);
        }
      }
    }
    for (const keras::ModelOutput& output : model.outputs) {
      if (output.tensor.layer == index) nodes.push_back(output.tensor.node);
    }
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    CHECK(nodes == std::vector<std::uint32_t>{0, 1});
  }
}

TEST_CASE("the generations end in one dialect") {
  const Model two = read("sequential", "keras2/stock_modules_only.h5");
  const Model three = read("sequential", "keras3/stock_modules_only.h5");
  CHECK(two.generation == keras::Generation::Keras2);
  CHECK(three.generation == keras::Generation::Keras3);
  REQUIRE(two.layers.size() == three.layers.size());
  for (std::size_t i = 0; i < two.layers.size(); ++i) {
    CHECK(two.layers[i].class_name == three.layers[i].class_name);
    CHECK(two.layers[i].calls.size() == 1);
    CHECK(two.layers[i].weights.size() == three.layers[i].weights.size());
    for (std::size_t w = 0; w < two.layers[i].weights.size(); ++w) {
      CHECK(two.layers[i].weights[w].role == three.layers[i].weights[w].role);
    }
    if (three.layers[i].config.contains("dtype"))
      CHECK(three.layers[i].config["dtype"].is_string());
  }
  CHECK(two.layers.front().class_name == "InputLayer");
  CHECK(two.layers.front().config["batch_shape"] == three.layers.front().config["batch_shape"]);
}

TEST_CASE("an input that was given to the first layer becomes an InputLayer") {
  for (const std::string generation : {"keras2", "keras3"}) {
    const Model model = read("sequential", generation + "/input_shape_argument.h5");
    CHECK(model.layers.front().class_name == "InputLayer");
    CHECK(model.layers.front().config["batch_shape"].is_array());
    for (const Layer& layer : model.layers) {
      if (layer.class_name == "InputLayer") continue;
      CHECK_FALSE(layer.config.contains("batch_shape"));
      CHECK_FALSE(layer.config.contains("batch_input_shape"));
    }
  }
}

TEST_CASE("trainable comes down from the models around a layer") {
  for (const std::string generation : {"keras2", "keras3"}) {
    const Model model = read("nesting", generation + "/frozen_inner_model.h5");
    const Model* inner = inner_model(model);
    REQUIRE(inner != nullptr);
    CHECK(std::none_of(inner->layers.begin(), inner->layers.end(), [](const Layer& layer) {
      return !layer.weights.empty() && layer.trainable;
    }));
  }
}

TEST_CASE("weights alone: names and roles as the file spells them") {
  for (const std::string generation : {"keras2", "keras3"}) {
    for (const std::string layout : {"conv_legacy.legacy.h5", "conv_keras.weights.h5"}) {
      CAPTURE(generation + "/" + layout);
      const Model model = read("weights_only", generation + "/" + layout);
      CHECK(model.kind == keras::ModelKind::WeightsOnly);
      CHECK(model.tensors.size() >= 8);
      CHECK(model.unbound.empty());
      std::size_t bound = 0;
      for (const Layer& layer : model.layers) bound += layer.weights.size();
      CHECK(bound == model.tensors.size());
    }
  }
  const Model legacy = read("weights_only", "keras2/conv_legacy.legacy.h5");
  CHECK(weight(legacy, find(legacy, "conv"), "kernel") == "conv/kernel:0");
}

TEST_CASE("weights and an architecture beside them make a model, in either layout") {
  for (const std::string generation : {"keras2", "keras3"}) {
    for (const std::string layout : {"legacy", "keras"}) {
      CAPTURE(generation + " " + layout);
      const std::string name = generation + "/conv_" + layout + "_with_architecture.";
      const io::Source weights =
          test::pack_file("weights_only", name + (layout == "keras" ? "weights.h5" : "legacy.h5"));
      const io::Source architecture = test::pack_file("weights_only", name + "architecture.json");
      const Model model = keras::read_model({architecture, weights});
      CHECK(model.kind == keras::ModelKind::Functional);
      CHECK(model.generation ==
            (generation == "keras2" ? keras::Generation::Keras2 : keras::Generation::Keras3));
      CHECK(model.unbound.empty());
      CHECK(weight(model, find(model, "conv"), "kernel") != "none");
      CHECK(weight(model, find(model, "norm"), "moving_variance") != "none");
      // Tensors are in the coordinates of the second file.
      const auto& storage = model.tensors.front().storage;
      CHECK(std::get<tensor::Contiguous>(storage).file == 1);
      CHECK_THROWS_AS(keras::read_model({architecture}), io::Error);
      CHECK_THROWS_AS(keras::read_model({weights, weights}), io::Error);
    }
  }
}

TEST_CASE("names are data: slashes, newlines, quotes, three hundred characters") {
  for (const std::string file :
       {"keras2/name_slash.h5", "keras3/name_newline.h5", "keras3/name_triple_quotes.h5",
        "keras3/name_long.h5", "keras3/name_bidi.h5", "keras3/names_all.h5"}) {
    CAPTURE(file);
    const Model model = read("names", file);
    CHECK(std::any_of(model.layers.begin(), model.layers.end(),
                      [](const Layer& layer) { return !layer.weights.empty(); }));
    CHECK(model.unbound.empty());
  }
}

TEST_CASE("dtype policies: what is stored and what is computed") {
  const Model mixed = read("dtypes", "keras3/conv_mixed_bfloat16.h5");
  const auto conv = std::find_if(mixed.layers.begin(), mixed.layers.end(),
                                 [](const Layer& layer) { return layer.class_name == "Conv2D"; });
  REQUIRE(conv != mixed.layers.end());
  CHECK(conv->dtype == "float32");
  CHECK(conv->compute_dtype == "bfloat16");
  CHECK(conv->config["dtype"] == "mixed_bfloat16");
}

TEST_CASE("a training config is kept, the optimizer's weights are not") {
  const Model model = read("sequential", "keras3/compiled.h5");
  CHECK(model.training_config.has_value());
  CHECK(model.unbound.empty());
}

TEST_CASE("bad input: the code, and the words that help") {
  struct Row {
    const char* file;
    io::ErrorCode code;
    const char* words;
  };
  const Row rows[] = {
      {"config_cut.h5", io::ErrorCode::ConfigNotJson, "model_config"},
      {"config_cycle.h5", io::ErrorCode::GraphCycle, "`conv`"},
      {"config_self_loop.h5", io::ErrorCode::GraphCycle, "`relu`"},
      {"config_is_null.h5", io::ErrorCode::ConfigInvalid, "model_config"},
      {"config_nested_deep.h5", io::ErrorCode::ConfigNotJson, "levels"},
      {"config_output_missing.h5", io::ErrorCode::ConfigInvalid, "nobody"},
      {"config_two_layers_of_a_name.h5", io::ErrorCode::ConfigInvalid, "`conv`"},
      {"config_unknown_inbound.h5", io::ErrorCode::ConfigInvalid, "nobody"},
      {"config_without_layers.h5", io::ErrorCode::ConfigInvalid, "layers"},
      {"config_layer_without_class.h5", io::ErrorCode::ConfigInvalid, "class_name"},
      {"weight_missing.h5", io::ErrorCode::WeightMissing, "dense/kernel"},
      {"weight_group_missing.h5", io::ErrorCode::WeightMissing, "`dense`"},
      {"weight_names_missing.h5", io::ErrorCode::WeightMissing, "`kernel`"},
      {"weight_order_swapped.h5", io::ErrorCode::WeightOrder, "`bias`"},
      {"weight_shape.h5", io::ErrorCode::WeightShape, "(5, 4)"},
      {"weight_rank.h5", io::ErrorCode::WeightShape, "(4, 5, 1)"},
      {"weight_dtype_compound.h5", io::ErrorCode::WeightDtype, "compounds"},
      {"truncated_at_50_percent.h5", io::ErrorCode::FileTruncated, "cut off"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.file);
    std::string words = "no error";
    try {
      read("bad_input", std::string("keras3/") + row.file);
    } catch (const io::Error& error) {
      words = error.what();
      CHECK(io::error_code_name(error.code()) == io::error_code_name(row.code));
    }
    CAPTURE(words);
    CHECK(words.find(row.words) != std::string::npos);
  }
}

TEST_CASE("other formats are called by their names") {
  const auto refusal = [](std::string bytes) {
    const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
    try {
      keras::read_model({io::memory_source("file", {begin, begin + bytes.size()})});
    } catch (const io::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  using namespace std::string_literals;
  const auto has = [](const std::string& text, const char* word) {
    return text.find(word) != std::string::npos;
  };
  CHECK(has(refusal("{\"modelTopology\": {}, \"weightsManifest\": []}"), "TF.js"));
  CHECK(has(refusal("{\"a\": 1}"), "class_name"));
  CHECK(has(refusal("{\"class_name\": \"Sequential\", \"config\": {\"layers\": []}}"),
            "without weights"));
  CHECK(has(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "git lfs pull"));
  CHECK(has(refusal("  <!DOCTYPE HTML><html>"), "web page"));
  CHECK(has(refusal("\x1f\x8b\x08\x00"s), "gzip"));
  CHECK(has(refusal("\x1c\x00\x00\x00TFL3...."s), "TensorFlow Lite"));
  CHECK(has(refusal("\x02\x00\x00\x00\x00\x00\x00\x00{}"s), "safetensors"));
  CHECK(has(refusal("\x08\x01\x12\x05"s), "SavedModel"));
  CHECK(has(refusal("\x08\x08\x12\x07pytorch"s), "ONNX"));
  CHECK(has(refusal("\x80\x02}q"s), "PyTorch"));
  CHECK(has(refusal("\x89PNG\r\n\x1a\n"s), "PNG"));
  CHECK(has(refusal("\x89HDF\r\n\x1a\n" + std::string(600, 'x')), "cannot open"));
  CHECK(has(refusal(""), "0 bytes"));
  CHECK(has(refusal(std::string(600, '\0')), "not an HDF5 file"));
}
