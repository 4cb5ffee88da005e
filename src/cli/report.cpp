#include "cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/progress.h"
#include "io/error.h"
#include "io/note_json.h"

namespace tensorferry::cli {
namespace {

using Json = nlohmann::ordered_json;

// C1 controls (U+0080 to U+009F) and the marks that turn the direction of writing (U+200E, U+200F,
// U+202A to U+202E, U+2066 to U+2069): the bytes of one such character at the text's begin, else 0.
std::size_t control_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.size() >= 2 && byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) <= 0x9f) {
    return 2;
  }
  if (text.size() < 3 || byte(0) != 0xe2) {
    return 0;
  }
  const unsigned char last = byte(2);
  const bool mark =
      (byte(1) == 0x80 && (last == 0x8e || last == 0x8f || (last >= 0xaa && last <= 0xae))) ||
      (byte(1) == 0x81 && last >= 0xa6 && last <= 0xa9);
  return mark ? 3 : 0;
}

// Names come from the model: control characters would let it write to the terminal.
std::string printable(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t sequence = control_sequence(std::string_view(text).substr(i));
    const bool control = byte < 0x20 || byte == 0x7f || sequence > 0;
    result += control ? '?' : text[i];
    i += std::max<std::size_t>(sequence, 1);
  }
  return result;
}

// Code points, as columns; wide characters make a row longer, nothing worse.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

using Row = std::vector<std::string>;

std::string table_text(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) {
        line += std::string(widths[i] - width_of(row[i]) + 2, ' ');
      }
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string shape_text(const Json& shape) {
  if (shape.is_null()) {
    return "?";
  }
  std::string text = "(";
  for (const Json& extent : shape) {
    text += (text.size() > 1 ? ", " : "") + (extent.is_null() ? "None" : extent.dump());
  }
  return text + ")";
}

std::string ports_text(const Json& ports) {
  std::string text;
  for (const Json& port : ports) {
    text += (text.empty() ? "" : "; ") + printable(port["name"].get<std::string>()) + " " +
            shape_text(port["shape"]) + " " + port["dtype"].get<std::string>();
  }
  return text;
}

std::string note_text(std::string_view severity, const std::string& layer, const std::string& text,
                      std::string_view code) {
  return fmt::format("{}: {}{} [{}]\n", severity, layer.empty() ? "" : printable(layer) + ": ",
                     printable(text), code);
}

std::string notes_text(const io::Notes& notes) {
  std::string text;
  for (const io::Note& note : notes) {
    text += note_text(io::severity_name(note.severity), note.layer, note.text, note.code);
  }
  return text;
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string layers_text(std::string_view json) {
  std::vector<Row> rows = {{"class", "PyTorch", "TF.js", ""}};
  for (const Json& row : Json::parse(json)) {
    rows.push_back({row["class"].get<std::string>(), row["pytorch"].get<std::string>(),
                    row["tfjs"].get<std::string>(), row["reason"].get<std::string>()});
  }
  return table_text(rows);
}

std::string inspection_text(std::string_view json) {
  const Json root = Json::parse(json);
  const std::string version = root["kerasVersion"].get<std::string>();
  std::string text = fmt::format(
      "{}: {}, Keras {}\n{} parameters ({} trainable), {} of weights\n",
      printable(root["name"].get<std::string>()), root["kind"].get<std::string>(),
      version.empty() ? std::to_string(root["generation"].get<int>()) + ".x" : printable(version),
      root["parameters"].get<std::uint64_t>(), root["trainableParameters"].get<std::uint64_t>(),
      bytes_text(root["bytes"].get<std::uint64_t>()));
  if (!root["inputs"].empty()) {
    text += "in:  " + ports_text(root["inputs"]) + "\nout: " + ports_text(root["outputs"]) + "\n";
  }
  std::vector<Row> rows = {{"layer", "kind", "output", "parameters", "PyTorch", "TF.js"}};
  for (const Json& layer : root["layers"]) {
    const auto depth = layer["depth"].get<std::size_t>();
    rows.push_back({std::string(2 * depth, ' ') + printable(layer["name"].get<std::string>()),
                    printable(layer["class"].get<std::string>()), shape_text(layer["outputShape"]),
                    layer["parameters"].dump(), printable(layer["pytorch"].get<std::string>()),
                    printable(layer["tfjs"].get<std::string>())});
  }
  text += "\n" + table_text(rows);
  if (!root["notes"].empty()) {
    text += "\n";
  }
  for (const Json& note : root["notes"]) {
    text += note_text(note["severity"].get<std::string>(), note["layer"].get<std::string>(),
                      note["text"].get<std::string>(), note["code"].get<std::string>());
  }
  return text;
}

std::string conversion_text(const Plan& plan, const std::string& output) {
  std::string text = notes_text(plan.notes);
  for (const tensor::OutputFile& file : plan.bundle.files) {
    const std::string path = output.ends_with(".zip") ? output : output + "/" + file.path;
    text += fmt::format("{}  {}\n", path, bytes_text(file.size()));
  }
  return text;
}

std::string failure_text(const Failure& failure) {
  return printable(failure.message) + "\n" + notes_text(failure.notes);
}

std::string conversion_json(const Plan& plan, const std::string& output) {
  Json files = Json::array();
  for (const tensor::OutputFile& file : plan.bundle.files) {
    files.push_back({{"name", file.path}, {"bytes", file.size()}});
  }
  return line_of({{"event", "report"},
                  {"exitCode", plan.exit_code},
                  {"output", output},
                  {"files", files},
                  {"notes", io::notes_json(plan.notes)}});
}

std::string failure_json(const Failure& failure, int exit_code) {
  return line_of({{"event", "error"},
                  {"exitCode", exit_code},
                  {"code", io::error_code_name(failure.code)},
                  {"message", failure.message},
                  {"notes", io::notes_json(failure.notes)}});
}

}  // namespace tensorferry::cli
