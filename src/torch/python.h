#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

/// The one writer of Python (wall 8). Text of a model reaches source only as an identifier
/// (identifier.h), as an escaped literal, or through `comment_text`. What is printed is what black
/// prints (lines of 88).
namespace tensorferry::torch::python {

/// An expression that can be broken over lines.
struct Expression {
  enum class Kind {
    Atom,       ///< `text`
    Bracketed,  ///< `text` + bracket + items: a call, an index, a list or a tuple
    Operators,  ///< items joined by the operator `text`
  };
  Kind kind = Kind::Atom;
  std::string keyword;  ///< of an argument: "stride" of `stride=2`
  std::string text;
  char bracket = '(';
  std::vector<Expression> items;
  std::string about = "";  ///< the Keras layer that it is of, where that is not the statement's
};

Expression atom(std::string text);
Expression number(std::int64_t value);
/// The shortest text that reads back as the same number; float("inf") where it is no literal.
Expression number(double value);
/// A literal of these bytes (UTF-8); everything but plain ASCII is escaped.
Expression string(std::string_view text);
Expression boolean(bool value);
Expression call(std::string callee, std::vector<Expression> arguments);
Expression index(std::string value, std::vector<Expression> items);
Expression list(std::vector<Expression> items);
Expression tuple(std::vector<Expression> items);
Expression operators(std::string operation, std::vector<Expression> operands);
Expression keyword(std::string name, Expression value);

/// One number where all are equal, else a tuple: torch's own habit for sizes.
Expression size(const std::vector<std::int64_t>& values);
Expression tuple_of(const std::vector<std::int64_t>& values);
std::vector<Expression> numbers(const std::vector<std::int64_t>& values);

/// The expression on one line.
std::string text_of(const Expression& expression);

/// Text for a comment or docstring: printable ASCII without quotes and backslashes, all else as
/// '?'.
std::string comment_text(std::string_view text);

/// Lines of the source that are of a Keras layer, counted from 1.
struct LayerLines {
  std::string layer;
  std::size_t first = 0;
  std::size_t last = 0;

  bool operator==(const LayerLines&) const = default;
};

/// Source, line by line.
class Writer {
 public:
  void indent() { depth_ += 1; }
  void outdent() { depth_ -= 1; }
  /// A line as it is; empty: a blank line.
  void line(std::string_view text);
  void lines(std::initializer_list<std::string_view> texts);
  /// The lines of a text, each with its end.
  void block(std::string_view text);
  /// `prefix expression suffix`, broken as black breaks it where it is too long.
  void statement(std::string_view prefix, const Expression& expression,
                 std::string_view suffix = "");
  const std::string& text() const { return text_; }

  /// What is written from here on is of this Keras layer; empty: of none.
  void set_layer(std::string layer) { layer_ = std::move(layer); }
  /// In the order in which they were written; a line may be of several layers.
  const std::vector<LayerLines>& layer_lines() const { return layer_lines_; }

 private:
  void print(std::size_t depth, std::string_view prefix, const Expression& expression,
             std::string_view suffix);
  void print_body(std::size_t depth, const Expression& expression);
  void put(std::size_t depth, std::string_view text);
  void mark(const std::string& layer, std::size_t first);
  void mark_all(const Expression& expression, std::size_t first);

  std::size_t depth_ = 0;
  std::size_t line_count_ = 0;
  std::string text_;
  std::string layer_;
  std::vector<LayerLines> layer_lines_;
};

}  // namespace tensorferry::torch::python
