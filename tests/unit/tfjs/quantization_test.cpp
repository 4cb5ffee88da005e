#include "tfjs/quantization.h"

#include <doctest/doctest.h>

#include "io/error.h"

namespace tensorferry::tfjs {

TEST_CASE("globs are Python's fnmatch") {
  CHECK(glob_matches("*", ""));
  CHECK(glob_matches("conv*/kernel", "conv1/block/kernel"));
  CHECK_FALSE(glob_matches("conv*/kernel", "conv1/kernel_2"));
  CHECK(glob_matches("*a*b", "xaabab"));
  CHECK(glob_matches("conv?/bias", "conv1/bias"));
  CHECK_FALSE(glob_matches("conv?/bias", "conv/bias"));
  CHECK(glob_matches("conv[1-3x]", "conv2"));
  CHECK(glob_matches("conv[1-3x]", "convx"));
  CHECK_FALSE(glob_matches("conv[!1-3]", "conv2"));
  CHECK(glob_matches("conv[!1-3]", "conv4"));
  CHECK(glob_matches("a[]]", "a]"));
  CHECK(glob_matches("a[b", "a[b"));
  CHECK_FALSE(glob_matches("A", "a"));
}

TEST_CASE("a glob of `*` takes what is left") {
  const auto result =
      quantized_names({{tensor::DType::UInt8, "*"}, {tensor::DType::UInt16, "a/*,*/beta"}},
                      {"a/k", "b/k", "b/beta"});
  CHECK(result.at("a/k") == tensor::DType::UInt16);
  CHECK(result.at("b/k") == tensor::DType::UInt8);
  CHECK(result.at("b/beta") == tensor::DType::UInt16);
  CHECK(quantized_names({{tensor::DType::UInt8, "a/*"}}, {"b/k"}).empty());
}

TEST_CASE("two dtypes for one weight are refused") {
  const std::vector<Quantization> options = {{tensor::DType::UInt8, "a/*"},
                                             {tensor::DType::UInt16, "*/k"}};
  CHECK_THROWS_AS(quantized_names(options, {"a/k"}), io::Error);
  CHECK_NOTHROW(quantized_names(options, {"a/b", "b/k"}));
  CHECK_THROWS_AS(quantized_names({{tensor::DType::UInt8, "*"}, {tensor::DType::UInt16, "*"}}, {}),
                  io::Error);
}

}  // namespace tensorferry::tfjs
