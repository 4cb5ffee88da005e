#include "tfjs/names.h"

#include <doctest/doctest.h>

namespace tensorferry::tfjs {

TEST_CASE("names become what TF.js takes") {
  CHECK(legal_name("block/expand.conv-1_a") == "block/expand.conv-1_a");
  CHECK(legal_name("; import os #") == "layer__import_os__");
  CHECK(legal_name("") == "layer");
  CHECK(legal_name("_x") == "layer_x");
  CHECK(legal_name("__proto__") == "layer__proto__");
  CHECK(legal_name("constructor") == "constructor_");
  CHECK(legal_name("층") == "layer___");  // three bytes
}

TEST_CASE("a name is given once; a reserved one to its layer only") {
  Names names;
  CHECK(names.reserve("dense_1"));
  CHECK_FALSE(names.reserve("dense_1"));
  CHECK_FALSE(names.reserve("no name"));
  CHECK(names.unique("dense") == "dense");
  CHECK(names.unique("dense") == "dense_2");
  CHECK(names.claim("dense_1") == "dense_1");
  CHECK(names.unique("dense_1") == "dense_1_1");
}

}  // namespace tensorferry::tfjs
