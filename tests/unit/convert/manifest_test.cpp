#include "convert/manifest.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "convert/readme.h"

using namespace tensorferry;

namespace {

tensor::Bundle two_files() {
  tensor::Bundle bundle;
  bundle.files.push_back({"model.py", {tensor::InlinePart{"pass\n"}}});
  bundle.files.push_back({"model.safetensors", {tensor::SlicePart{0, 8, 100}}});
  return bundle;
}

convert::Manifest small_manifest() {
  convert::Manifest manifest;
  manifest.target = "pytorch";
  manifest.entry_file = "model.py";
  manifest.entry_class = "Net";
  manifest.source_files = {{"net.h5", 5000}};
  manifest.container = "h5";
  manifest.keras_version = "3.15.1";
  manifest.kind = "model";
  manifest.inputs = {{"x", tensor::DType::Float32, {-1, 5, 7, 3}, {-1, 3, 5, 7}, {0, 3, 1, 2}}};
  manifest.outputs = {{"y", tensor::DType::Float32, {-1, 2}, {-1, 2}, {}}};
  manifest.weights = {
      {{"a/kernel"}, "a.weight", {2, 3}, tensor::DType::Float32, "permute(1,0)", true}};
  manifest.notes = {{io::Severity::Info, "a", "padding-merged", "text"}};
  return manifest;
}

}  // namespace

TEST_CASE("manifest: the contract's members, None as null, no permute as null") {
  tensor::Bundle bundle = two_files();
  const std::string text = convert::append_manifest(bundle, small_manifest(), false);
  const auto root = nlohmann::json::parse(text);
  CHECK(root["entry"] == nlohmann::json{{"file", "model.py"}, {"class", "Net"}});
  CHECK(root["source"]["files"][0]["bytes"] == 5000);
  CHECK(root["inputs"][0]["keras_shape"] == nlohmann::json::array({nullptr, 5, 7, 3}));
  CHECK(root["inputs"][0]["permute"] == nlohmann::json::array({0, 3, 1, 2}));
  CHECK(root["outputs"][0]["permute"].is_null());
  CHECK(root["weights"][0]["sources"] == nlohmann::json::array({"a/kernel"}));
  CHECK(root["weights"][0]["strided"] == true);
  CHECK(root["notes"][0]["severity"] == "info");
  CHECK(root["files"][1] == nlohmann::json{{"name", "model.safetensors"}, {"bytes", 100}});
  REQUIRE(bundle.files.size() == 3);
  CHECK(bundle.files[2].size() == text.size());
}

TEST_CASE("manifest: each checksum is a part of its own, whatever the model's names say") {
  tensor::Bundle bundle = two_files();
  convert::Manifest manifest = small_manifest();
  manifest.notes.push_back({io::Severity::Info, std::string(63, '#') + "0", "x",
                            "\"files\": [ \"sha256\": \"" + std::string(63, '#') + "0"});
  const std::string text = convert::append_manifest(bundle, manifest, true);
  const tensor::OutputFile& file = bundle.files.back();
  REQUIRE(file.parts.size() == 5);
  CHECK(file.size() == text.size());
  std::string bytes;
  for (const tensor::Part& part : file.parts) {
    const auto* inline_part = std::get_if<tensor::InlinePart>(&part);
    bytes += inline_part ? inline_part->bytes : std::string(tensor::part_size(part), 'f');
  }
  const auto root = nlohmann::json::parse(bytes);
  CHECK(root["files"][0]["sha256"] == std::string(64, 'f'));
  CHECK(root["files"][1]["sha256"] == std::string(64, 'f'));
  REQUIRE(bundle.reduces.size() == 2);
  CHECK(bundle.reduces[1] == tensor::Reduce{tensor::ReduceKind::Sha256, tensor::FileBytes{1}});
}

TEST_CASE("readme: a model's words are no markup") {
  convert::Manifest manifest = small_manifest();
  manifest.inputs[0].name = "a|b\n# <script>";
  const std::string text = convert::readme_text(manifest, "import torch", "python");
  CHECK(text.find("a\\|b \\# \\<script\\>") != std::string::npos);
  CHECK(text.find("```python\nimport torch\n```\n") != std::string::npos);
  CHECK(text.find("(any, 3, 5, 7)") != std::string::npos);
}
