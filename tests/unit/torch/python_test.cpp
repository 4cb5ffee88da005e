#include "torch/python.h"

#include <doctest/doctest.h>

#include <cmath>

namespace tensorferry::torch::python {
namespace {

std::string printed(std::string_view prefix, const Expression& expression,
                    std::string_view suffix = "") {
  Writer writer;
  writer.indent();
  writer.indent();
  writer.statement(prefix, expression, suffix);
  return writer.text();
}

TEST_CASE("numbers read back as themselves") {
  CHECK(text_of(number(0.001)) == "0.001");
  CHECK(text_of(number(1e-05)) == "1e-05");
  CHECK(text_of(number(1.0)) == "1.0");
  CHECK(text_of(number(std::int64_t{-3})) == "-3");
  CHECK(text_of(number(INFINITY)) == "float(\"inf\")");
  CHECK(text_of(number(-INFINITY)) == "float(\"-inf\")");
  CHECK(text_of(number(std::nan(""))) == "float(\"nan\")");
}

TEST_CASE("strings are escaped, so that none ends early and black leaves them") {
  CHECK(text_of(string("tanh")) == "\"tanh\"");
  CHECK(text_of(string("a\"b'c\\")) == "\"a\\x22b'c\\\\\"");
  CHECK(text_of(string("x\ny\t")) == "\"x\\x0ay\\x09\"");
  CHECK(text_of(string("층")) == "\"\\uce35\"");
  CHECK(text_of(string("😀")) == "\"\\U0001f600\"");
  CHECK(text_of(string("\xff")) == "\"\\ufffd\"");
}

TEST_CASE("comments hold no text that could end them") {
  CHECK(comment_text("a\"\"\"b\nc\\d'") == "a???b?c?d?");
}

TEST_CASE("sizes are one number where they are equal") {
  CHECK(text_of(size({3, 3})) == "3");
  CHECK(text_of(size({3, 2})) == "(3, 2)");
  CHECK(text_of(tuple_of({3})) == "(3,)");
}

TEST_CASE("a call is broken as black breaks it") {
  const Expression shorter = call("nn.Conv2d", {number(std::int64_t{3}), number(std::int64_t{64})});
  CHECK(printed("self.conv = ", shorter) == "        self.conv = nn.Conv2d(3, 64)\n");
  std::vector<Expression> arguments{number(std::int64_t{3}), number(std::int64_t{64})};
  for (const char* name : {"kernel_size", "stride", "padding", "dilation"}) {
    arguments.push_back(keyword(name, tuple_of({3, 2})));
  }
  CHECK(printed("self.c = ", call("nn.Conv2d", arguments)) ==
        "        self.c = nn.Conv2d(\n"
        "            3, 64, kernel_size=(3, 2), stride=(3, 2), padding=(3, 2), dilation=(3, 2)\n"
        "        )\n");
  arguments.push_back(keyword("bias", boolean(false)));
  CHECK(printed("self.c = ", call("nn.Conv2d", arguments)) ==
        "        self.c = nn.Conv2d(\n"
        "            3,\n"
        "            64,\n"
        "            kernel_size=(3, 2),\n"
        "            stride=(3, 2),\n"
        "            padding=(3, 2),\n"
        "            dilation=(3, 2),\n"
        "            bias=False,\n"
        "        )\n");
}

TEST_CASE("a literal is broken at every comma, a lone argument gets none") {
  std::vector<Expression> names;
  for (int i = 0; i < 4; ++i)
    names.push_back(atom("self.a_layer_with_a_long_name_" + std::to_string(i)));
  CHECK(printed("for layer in ", tuple(names), ":") ==
        "        for layer in (\n"
        "            self.a_layer_with_a_long_name_0,\n"
        "            self.a_layer_with_a_long_name_1,\n"
        "            self.a_layer_with_a_long_name_2,\n"
        "            self.a_layer_with_a_long_name_3,\n"
        "        ):\n");
  CHECK(printed("", call("super().__init__", {call("OrderedDict", {list(names)})})) ==
        "        super().__init__(\n"
        "            OrderedDict(\n"
        "                [\n"
        "                    self.a_layer_with_a_long_name_0,\n"
        "                    self.a_layer_with_a_long_name_1,\n"
        "                    self.a_layer_with_a_long_name_2,\n"
        "                    self.a_layer_with_a_long_name_3,\n"
        "                ]\n"
        "            )\n"
        "        )\n");
}

}  // namespace
}  // namespace tensorferry::torch::python
