#include "torch/identifier.h"

#include <doctest/doctest.h>

namespace tensorferry::torch {
namespace {

TEST_CASE("identifiers of names that Keras saves") {
  CHECK(checked_identifier("conv2d_1") == "conv2d_1");
  CHECK(checked_identifier("a.b") == "a_b");
  CHECK(checked_identifier("a/b:0") == "a_b_0");
  CHECK(checked_identifier("in") == "in_");
  CHECK(checked_identifier("None") == "None_");
  CHECK(checked_identifier("1x") == "layer_1x");
  CHECK(checked_identifier("__x") == "layer___x");
  CHECK(checked_identifier("_x") == "_x");
  CHECK(checked_identifier("") == "layer_");
}

TEST_CASE("names of nn.Module are taken") {
  for (const char* name :
       {"forward", "training", "type", "half", "compile", "to", "append", "_modules"}) {
    CHECK(checked_identifier(name) == std::string(name) + "_");
  }
}

TEST_CASE("what looks like code becomes underscores") {
  CHECK(checked_identifier("; import os #") == "layer___import_os__");
  CHECK(checked_identifier("x\ny") == "x_y");
  CHECK(checked_identifier("a\"b'c\\d") == "a_b_c_d");
  CHECK(checked_identifier(std::string("a\0b", 3)) == "a_b");
}

TEST_CASE("NFKC: compatible characters are their ASCII ones, all others underscores") {
  CHECK(checked_identifier("ｃｏｎｖ１") == "conv1");
  CHECK(checked_identifier("ﬁlter") == "filter");
  CHECK(checked_identifier("x²") == "x2");
  CHECK(checked_identifier("①") == "layer_1");
  CHECK(checked_identifier("𝐝𝐞𝐧𝐬𝐞") == "dense");
  CHECK(checked_identifier("층") == "_");
  CHECK(checked_identifier("é") == "_");
  CHECK(checked_identifier("e\u0301x") == "_x");
  CHECK(checked_identifier("½") == "layer_1_2");
  CHECK(checked_identifier("ｉｎ") == "in_");
  CHECK(checked_identifier("＿＿x") == "layer___x");
  CHECK(checked_identifier("bad\xff") == "bad_");
}

TEST_CASE("clashes are numbered in order, per scope") {
  Scope scope;
  CHECK(scope.identifier("a.b") == "a_b");
  CHECK(scope.identifier("a/b") == "a_b_2");
  CHECK(scope.identifier("a_b") == "a_b_3");
  CHECK(scope.identifier("a_b_2") == "a_b_2_2");
  CHECK(scope.identifier("in") == "in_");
  CHECK(scope.identifier("in_") == "in__2");
  CHECK(Scope().identifier("a_b") == "a_b");
}

TEST_CASE("names of classes") {
  CHECK(class_identifier("my_net-2") == "MyNet2");
  CHECK(class_identifier("resNet") == "ResNet");
  CHECK(class_identifier("resnet50") == "ResNet50");
  CHECK(class_identifier("inception_resnet_v2") == "InceptionResNetV2");
  CHECK(class_identifier("efficientnetb0") == "EfficientNetB0");
  CHECK(class_identifier("mobilenetv2_1.00_224") == "MobileNetV2_1_00_224");
  CHECK(class_identifier("none") == "None_");
  CHECK(class_identifier("1x") == "Model1x");
  CHECK(class_identifier("층") == "Model");
}

}  // namespace
}  // namespace tensorferry::torch
