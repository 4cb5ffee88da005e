#include "torch/ops/functions.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace tensorferry;

TEST_CASE("each function of the graph has a spelling, and no other has") {
  std::size_t count = 0;
  const auto spellings = torch::function_spellings();
  for (const auto table : graph::function_tables()) {
    for (const graph::FunctionKind& kind : table) {
      const bool is_spelled =
          std::any_of(spellings.begin(), spellings.end(),
                      [&](const torch::FunctionSpelling& row) { return row.name == kind.name; });
      CAPTURE(std::string(kind.name));
      CHECK(is_spelled);
      ++count;
    }
  }
  CHECK(count == spellings.size());
}
