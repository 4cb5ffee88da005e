#include "convert/readme.h"

#include <fmt/format.h>

#include "convert/preprocessing.h"
#include "convert/version.h"

namespace tensorferry::convert {
namespace {

// A model's own words stay words: no markup, no line breaks, no end of a table's cell.
std::string plain(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      result += ' ';
      continue;
    }
    if (std::string_view("\\`*_[]<>#|&~$").find(c) != std::string_view::npos) {
      result += '\\';
    }
    result += c;
  }
  return result;
}

std::string shape_text(const std::vector<graph::Extent>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") +
            (shape[i] == graph::unknown_extent ? std::string("any") : std::to_string(shape[i]));
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::string permute_text(const torch::PortRow& port) {
  if (port.permute.empty()) {
    return "as in Keras";
  }
  std::string text = "`keras.transpose(";
  for (std::size_t i = 0; i < port.permute.size(); ++i) {
    text += (i ? ", " : "") + std::to_string(port.permute[i]);
  }
  return text + ")`";
}

std::string port_table(const std::string& title, const std::vector<torch::PortRow>& ports) {
  if (ports.empty()) {
    return "";
  }
  std::string text =
      fmt::format("\n## {}\n\n| name | dtype | shape | layout |\n|---|---|---|---|\n", title);
  for (const torch::PortRow& port : ports) {
    text += fmt::format("| {} | {} | {} | {} |\n", plain(port.name), tensor::dtype_name(port.dtype),
                        shape_text(port.shape), permute_text(port));
  }
  return text;
}

// The weights of Keras's own training want it; who trained anew knows better.
std::string preprocessing_list(const Manifest& manifest) {
  std::string text;
  for (std::size_t i = 0; i < manifest.preprocessing.size(); ++i) {
    if (manifest.preprocessing[i].empty()) continue;
    text += fmt::format(
        "\n{}: {}, for weights that were trained with Keras's `preprocess_input` "
        "(`{}`).\n",
        plain(manifest.inputs[i].name), preprocessing_text(manifest.preprocessing[i]),
        manifest.preprocessing[i]);
  }
  return text;
}

std::string notes_list(const io::Notes& notes) {
  if (notes.empty()) {
    return "";
  }
  std::string text = "\n## Notes\n\n";
  for (const io::Note& note : notes) {
    const std::string layer = note.layer.empty() ? "" : plain(note.layer) + ": ";
    text += fmt::format("- **{}** {}{} (`{}`)\n", io::severity_name(note.severity), layer,
                        plain(note.text), note.code);
  }
  return text;
}

constexpr std::string_view check_text = R"(
## Check it

```sh
python verify.py
python verify.py --keras original.h5
```

The first runs the inputs of `probe.safetensors` in your torch, and compares with the outputs that were computed from the Keras file (by what, its first lines say). The second compares these with Keras's own, where Keras is installed.
)";

constexpr std::string_view tfjs_check_text = R"(
## Check it

```sh
npm install @tensorflow/tfjs
node verify.mjs
```

It runs the inputs of `probe.safetensors` in TensorFlow.js, and compares with the outputs that the converter computed from the Keras file.
)";

std::string made_from(const Manifest& manifest) {
  std::string names;
  for (const SourceFile& file : manifest.source_files) {
    names += (names.empty() ? "" : ", ") + plain(file.name);
  }
  const std::string version =
      manifest.keras_version.empty() ? "" : " (Keras " + plain(manifest.keras_version) + ")";
  return fmt::format("Made from {}{} by tensorferry {}.\n", names, version, version_text);
}

}  // namespace

std::string readme_text(const Manifest& manifest, const std::string& snippet,
                        const std::string& language) {
  const std::string title = manifest.entry_class.empty()
                                ? std::string(manifest.target == "tfjs" ? "TF.js model" : "Weights")
                                : manifest.entry_class;
  std::string text = fmt::format("# {}\n\n{}", plain(title), made_from(manifest));
  if (!snippet.empty()) {
    text += fmt::format("\n## Load it\n\n```{}\n{}{}```\n", language, snippet,
                        snippet.ends_with('\n') ? "" : "\n");
  }
  if (manifest.has_probe) text += manifest.target == "tfjs" ? tfjs_check_text : check_text;
  text += port_table("Inputs", manifest.inputs);
  text += preprocessing_list(manifest);
  text += port_table("Outputs", manifest.outputs);
  return text + notes_list(manifest.notes);
}

}  // namespace tensorferry::convert
