#include "torch/python.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "io/float_text.h"
#include "torch/utf8.h"

namespace tensorferry::torch::python {

namespace {

constexpr std::size_t line_length = 88;
constexpr std::size_t indent_width = 4;

char closing(char bracket) { return bracket == '(' ? ')' : ']'; }

std::string joined(const std::vector<Expression>& items, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i != 0) text += separator;
    text += text_of(items[i]);
  }
  return text;
}

bool is_tuple(const Expression& expression) {
  return expression.kind == Expression::Kind::Bracketed && expression.text.empty() &&
         expression.bracket == '(';
}

// black breaks literals at every comma; the arguments of a call stay together while they fit.
bool is_literal(const Expression& expression) {
  return expression.kind == Expression::Kind::Bracketed && expression.text.empty();
}

std::string opening_text(const Expression& expression) {
  const std::string keyword = expression.keyword.empty() ? "" : expression.keyword + "=";
  if (expression.kind == Expression::Kind::Operators) return keyword + "(";
  return keyword + expression.text + expression.bracket;
}

std::string separator_of(const Expression& expression) {
  return expression.kind == Expression::Kind::Operators ? " " + expression.text + " "
                                                        : std::string(", ");
}

}  // namespace

Expression atom(std::string text) { return {Expression::Kind::Atom, "", std::move(text), '(', {}}; }

Expression number(std::int64_t value) { return atom(std::to_string(value)); }

Expression number(double value) {
  if (std::isfinite(value)) return atom(io::shortest_text(value));
  return call("float", {string(std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf")});
}

Expression string(std::string_view text) {
  std::string literal = "\"";
  for (const char32_t point : code_points(text)) {
    const auto code = static_cast<std::uint32_t>(point);
    if (point == U'\\') {
      literal += "\\\\";
    } else if (point >= 0x20 && point < 0x7f && point != U'"') {
      literal += static_cast<char>(point);
    } else if (code < 0x100) {
      // A quote too: black would change the quotes of a literal that escapes it.
      literal += fmt::format("\\x{:02x}", code);
    } else {
      literal += code < 0x10000 ? fmt::format("\\u{:04x}", code) : fmt::format("\\U{:08x}", code);
    }
  }
  return atom(literal + "\"");
}

Expression boolean(bool value) { return atom(value ? "True" : "False"); }

Expression call(std::string callee, std::vector<Expression> arguments) {
  return {Expression::Kind::Bracketed, "", std::move(callee), '(', std::move(arguments)};
}

Expression index(std::string value, std::vector<Expression> items) {
  return {Expression::Kind::Bracketed, "", std::move(value), '[', std::move(items)};
}

Expression list(std::vector<Expression> items) {
  return {Expression::Kind::Bracketed, "", "", '[', std::move(items)};
}

Expression tuple(std::vector<Expression> items) {
  return {Expression::Kind::Bracketed, "", "", '(', std::move(items)};
}

Expression operators(std::string operation, std::vector<Expression> operands) {
  return {Expression::Kind::Operators, "", std::move(operation), '(', std::move(operands)};
}

Expression keyword(std::string name, Expression value) {
  value.keyword = std::move(name);
  return value;
}

std::vector<Expression> numbers(const std::vector<std::int64_t>& values) {
  std::vector<Expression> items;
  for (const std::int64_t value : values) items.push_back(number(value));
  return items;
}

Expression tuple_of(const std::vector<std::int64_t>& values) { return tuple(numbers(values)); }

Expression size(const std::vector<std::int64_t>& values) {
  const bool equal = std::all_of(values.begin(), values.end(),
                                 [&](std::int64_t value) { return value == values.front(); });
  return equal && !values.empty() ? number(values.front()) : tuple_of(values);
}

std::string text_of(const Expression& expression) {
  const std::string keyword = expression.keyword.empty() ? "" : expression.keyword + "=";
  switch (expression.kind) {
    case Expression::Kind::Atom:
      return keyword + expression.text;
    case Expression::Kind::Operators:
      return keyword + joined(expression.items, " " + expression.text + " ");
    case Expression::Kind::Bracketed:
      break;
  }
  const std::string comma = is_tuple(expression) && expression.items.size() == 1 ? "," : "";
  return keyword + expression.text + expression.bracket + joined(expression.items, ", ") + comma +
         closing(expression.bracket);
}

std::string comment_text(std::string_view text) {
  std::string result;
  for (const char32_t point : code_points(text)) {
    const bool plain =
        point >= 0x20 && point < 0x7f && point != U'"' && point != U'\'' && point != U'\\';
    result += plain ? static_cast<char>(point) : '?';
  }
  return result;
}

void Writer::put(std::size_t depth, std::string_view text) {
  if (!text.empty()) text_.append(depth * indent_width, ' ');
  text_ += text;
  text_ += '\n';
  ++line_count_;
  mark(layer_, line_count_);
}

/// The lines from `first` to the one that was written last; a layer's lines that follow one another
/// are one entry.
void Writer::mark(const std::string& layer, std::size_t first) {
  if (layer.empty()) return;
  for (std::size_t i = layer_lines_.size(); i-- > 0;) {
    LayerLines& lines = layer_lines_[i];
    if (lines.last + 1 < first) break;
    if (lines.layer != layer || lines.first > first) continue;
    lines.last = line_count_;
    return;
  }
  layer_lines_.push_back({layer, first, line_count_});
}

void Writer::mark_all(const Expression& expression, std::size_t first) {
  mark(expression.about, first);
  for (const Expression& item : expression.items) mark_all(item, first);
}

void Writer::line(std::string_view text) { put(depth_, text); }

void Writer::lines(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) line(text);
}

void Writer::block(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void Writer::statement(std::string_view prefix, const Expression& expression,
                       std::string_view suffix) {
  print(depth_, prefix, expression, suffix);
}

void Writer::print(std::size_t depth, std::string_view prefix, const Expression& expression,
                   std::string_view suffix) {
  const std::string whole = fmt::format("{}{}{}", prefix, text_of(expression), suffix);
  const bool breakable = expression.kind != Expression::Kind::Atom && !expression.items.empty();
  if (depth * indent_width + whole.size() <= line_length || !breakable) {
    put(depth, whole);
    mark_all(expression, line_count_);
    return;
  }
  const std::size_t first = line_count_ + 1;
  put(depth, fmt::format("{}{}", prefix, opening_text(expression)));
  print_body(depth + 1, expression);
  put(depth, fmt::format("{}{}", closing(expression.bracket), suffix));
  mark(expression.about, first);
}

void Writer::print_body(std::size_t depth, const Expression& expression) {
  const std::string body = joined(expression.items, separator_of(expression));
  const bool fits = depth * indent_width + body.size() <= line_length;
  const bool one_item = expression.items.size() == 1;
  if (fits && !one_item && !is_literal(expression)) {
    put(depth, body);
    for (const Expression& item : expression.items) mark_all(item, line_count_);
    return;
  }
  const bool is_operation = expression.kind == Expression::Kind::Operators;
  for (std::size_t i = 0; i < expression.items.size(); ++i) {
    const std::string operation = is_operation && i > 0 ? expression.text + " " : "";
    const bool comma = !is_operation && (!one_item || is_tuple(expression));
    print(depth, operation, expression.items[i], comma ? "," : "");
  }
}

}  // namespace tensorferry::torch::python
