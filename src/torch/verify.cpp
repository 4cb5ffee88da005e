#include "torch/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "torch/python.h"

namespace tensorferry::torch {

namespace {

using python::Expression;
using python::Writer;

bool is_permuted(const ProbeTensor& tensor) { return !tensor.permute.empty(); }

bool any_permuted(const std::vector<ProbeTensor>& tensors) {
  return std::any_of(tensors.begin(), tensors.end(), is_permuted);
}

bool is_given_by_user(const Verification& verification) {
  return verification.matched && !verification.matched->built_in;
}

void write_what_it_proves(Writer& writer, const Verification& verification) {
  writer.lines({"\"\"\"Does this model compute what the Keras file says? PASS or FAIL.", "",
                "probe.safetensors holds random inputs, and the outputs for them that"});
  writer.line(verification.origin);
  writer.lines(
      {"before anything was rewritten for PyTorch. This script gives the inputs to",
       verification.matched
           ? "the model of load.py. PASS proves that two separately written spellings of"
           : "model.py in your torch. PASS proves that two separately written spellings of",
       "one reading of the file agree; that the file was read rightly, only Keras can", "tell:", "",
       "    python verify.py --keras original.h5", "",
       "gives the same inputs to the original, where Keras is installed, and compares",
       "its outputs too. Without torch it compares only these."});
  if (is_given_by_user(verification)) {
    writer.lines({"", "Say which model is yours, made without arguments:", "",
                  "    python verify.py --model my_module:MyModel"});
  }
  writer.lines({"\"\"\"", ""});
}

Expression axes_or_none(const std::vector<std::size_t>& permute) {
  const std::vector<std::int64_t> axes(permute.begin(), permute.end());
  return permute.empty() ? python::atom("None") : python::tuple_of(axes);
}

// ["input.a"], or [("input.a", (0, 3, 1, 2)), ("input.b", None)] where axes are in another order.
Expression tensor_list(const std::vector<ProbeTensor>& tensors) {
  std::vector<Expression> items;
  for (const ProbeTensor& tensor : tensors) {
    if (!any_permuted(tensors)) {
      items.push_back(python::string(tensor.key));
      continue;
    }
    items.push_back(python::tuple({python::string(tensor.key), axes_or_none(tensor.permute)}));
  }
  return python::list(std::move(items));
}

// [("conv", (3, 7, 9, 4), (0, 3, 1, 2)), ("dense", (3, 10), None)]
Expression layer_list(const std::vector<ProbeLayer>& layers) {
  std::vector<Expression> items;
  for (const ProbeLayer& layer : layers) {
    const std::vector<std::int64_t> shape(layer.shape.begin(), layer.shape.end());
    items.push_back(python::tuple(
        {python::string(layer.path), python::tuple_of(shape), axes_or_none(layer.permute)}));
  }
  return python::list(std::move(items));
}

void write_tensors(Writer& writer, const Verification& verification) {
  writer.line("FOLDER = Path(__file__).resolve().parent");
  if (any_permuted(verification.inputs) || any_permuted(verification.outputs)) {
    writer.line("# With the order of this model's axes in Keras's, where it is another one.");
  }
  writer.statement("INPUTS = ", tensor_list(verification.inputs));
  writer.statement("OUTPUTS = ", tensor_list(verification.outputs));
  if (verification.layers.empty()) return;
  writer.line("# The layers with weights, the shapes that they give in Keras, and that order.");
  writer.statement("LAYERS = ", layer_list(verification.layers));
}

// What a `for` goes over, and the names of it.
std::string each_of(const std::vector<ProbeTensor>& tensors) {
  return any_permuted(tensors) ? "name, _" : "name";
}

void write_users_model(Writer& writer) {
  writer.lines({"", "", "def your_model(name):", "    module, _, factory = name.partition(\":\")",
                "    sys.path.append(\".\")",
                "    return getattr(importlib.import_module(module), factory)()"});
}

// Of what load.py makes.
void write_matched_run(Writer& writer, const Verification& verification) {
  const MatchedRun& matched = *verification.matched;
  if (!matched.built_in) write_users_model(writer);
  writer.lines(
      {"", "", matched.built_in ? "def run_torch(probe):" : "def run_torch(probe, name):"});
  writer.indent();
  writer.lines({"import torch", "", "import load", ""});
  writer.line(matched.built_in ? "network = load.load_model()"
                               : "network = load.load_into(your_model(name))");
  writer.line(fmt::format("inputs = [torch.from_numpy(probe[name]) for {} in INPUTS]",
                          each_of(verification.inputs)));
  if (matched.rescales) writer.line("inputs = [load.preprocess(x) for x in inputs]");
  writer.lines({"with torch.no_grad():", "    outputs = network(*inputs)"});
  if (matched.output_activation == "softmax") writer.line("outputs = torch.softmax(outputs, -1)");
  if (matched.output_activation == "sigmoid") writer.line("outputs = torch.sigmoid(outputs)");
  writer.line(verification.outputs.size() == 1 ? "return [outputs.numpy()]"
                                               : "return [output.numpy() for output in outputs]");
  writer.outdent();
}

void write_torch_run(Writer& writer, const Verification& verification) {
  const bool pt = verification.weights == WeightFormat::Pt;
  const bool watched = !verification.layers.empty();
  writer.lines({"", "", watched ? "def run_torch(probe, seen):" : "def run_torch(probe):"});
  writer.indent();
  if (!pt) writer.line("import safetensors.torch");
  writer.lines({"import torch", "", "import model", ""});
  writer.line(fmt::format("network = model.{}()", verification.class_name));
  writer.line(pt ? "state = torch.load(FOLDER / \"model.pt\", weights_only=True)"
                 : "state = safetensors.torch.load_file(FOLDER / \"model.safetensors\")");
  writer.lines({"network.load_state_dict(state)", "network.eval()"});
  if (verification.half) {
    writer.line("network.float()  # not every torch computes in half precision on a CPU");
  }
  if (watched) {
    writer.lines({"modules = dict(network.named_modules())", "for name, _, _ in LAYERS:", "",
                  "    def keep(module, inputs, output, name=name):",
                  "        seen.setdefault(name, output)", "",
                  "    modules[name].register_forward_hook(keep)", ""});
  }
  writer.line(fmt::format("inputs = [torch.from_numpy(probe[name]) for {} in INPUTS]",
                          each_of(verification.inputs)));
  writer.line("with torch.no_grad():");
  writer.line("    outputs = network(*inputs)");
  writer.line(verification.outputs.size() == 1 ? "return [outputs.numpy()]"
                                               : "return [output.numpy() for output in outputs]");
  writer.outdent();
}

void write_keras_import(Writer& writer, const Verification& verification) {
  if (!verification.keras2) {
    writer.lines({"import keras", ""});
    return;
  }
  writer.lines({"try:", "    import tf_keras as keras  # Keras 2, which made the file",
                "except ImportError:", "    import keras", ""});
}

// Keras 3 has several backends, and casts only what is a tensor already.
void write_keras_run(Writer& writer, const Verification& verification) {
  writer.lines({"", "", "def run_keras(path, probe):"});
  writer.indent();
  write_keras_import(writer, verification);
  writer.line("original = keras.models.load_model(path, compile=False)");
  if (any_permuted(verification.inputs)) {
    writer.lines({"inputs = [",
                  "    probe[name] if axes is None else "
                  "probe[name].transpose(np.argsort(axes))",
                  "    for name, axes in INPUTS", "]"});
  } else {
    writer.line("inputs = [probe[name] for name in INPUTS]");
  }
  if (!verification.keras2) {
    writer.line("inputs = [keras.ops.convert_to_tensor(array) for array in inputs]");
  }
  writer.line(verification.inputs.size() == 1 ? "outputs = original(inputs[0], training=False)"
                                              : "outputs = original(inputs, training=False)");
  if (verification.outputs.size() == 1) {
    writer.line("outputs = [outputs]");
  } else {
    writer.line("outputs = outputs.values() if isinstance(outputs, dict) else outputs");
  }
  const bool permuted = any_permuted(verification.outputs);
  const std::string convert =
      verification.keras2 ? "np.asarray(output)" : "keras.ops.convert_to_numpy(output)";
  writer.line(
      fmt::format("{}[{} for output in outputs]", permuted ? "outputs = " : "return ", convert));
  if (permuted) {
    writer.lines({"return [", "    output if axes is None else output.transpose(axes)",
                  "    for output, (_, axes) in zip(outputs, OUTPUTS)", "]"});
  }
  writer.outdent();
}

// What rounding may do: in one layer, in several, and to Keras's results where it computes in half
// precision.
void write_comparison(Writer& writer, const Verification& verification) {
  const std::string share = verification.several_layers ? "5e-5" : "1e-5";
  const bool coarse = verification.half == tensor::DType::BFloat16;
  writer.lines({"", "", "def agree(by, outputs, probe):"});
  writer.indent();
  writer.line("passed = len(outputs) == len(OUTPUTS)");
  if (any_permuted(verification.outputs)) {
    writer.line("for (name, _), found in zip(OUTPUTS, outputs):");
  } else {
    writer.line("for name, found in zip(OUTPUTS, outputs):");
  }
  writer.indent();
  writer.lines({"expected = probe[name].astype(\"float64\")", "largest = np.abs(expected).max()"});
  if (verification.half) {
    writer.line(
        fmt::format("share = {} if by == \"torch\" else {}", share, coarse ? "0.1" : "0.01"));
    writer.line("allowed = share * largest + 1e-6");
  } else {
    writer.line(fmt::format("allowed = {} * largest + 1e-6", share));
  }
  if (verification.deep) {
    writer.lines({"# The roundings of many layers, by what two samples differ in.",
                  "spread = np.abs(expected[0] - expected[-1]).max()",
                  "allowed = max(allowed, 1e-3 * spread)"});
  }
  writer.lines(
      {"difference = np.inf", "if found.shape == expected.shape:",
       "    difference = np.abs(found.astype(\"float64\") - expected).max()",
       "print(f\"{by}: {name!r} differs by {difference:.3g}, allowed are {allowed:.3g};\")",
       "print(f\"    the largest value is {largest:.3g}\")",
       "passed = passed and bool(difference <= allowed)"});
  writer.outdent();
  writer.line("return passed");
  writer.outdent();
}

// The first layer whose numbers are others, with what the layers before it hand on.
void write_layer_comparison(Writer& writer) {
  writer.lines(
      {"",
       "",
       "def tensors_of(output):",
       "    if not isinstance(output, tuple):",
       "        return [output]",
       "    return [tensor for item in output for tensor in tensors_of(item)]",
       "",
       "",
       "def in_keras_order(output, shape, axes):",
       "    \"\"\"The numbers of a layer; None where torch has them in another form.\"\"\"",
       "    for tensor in tensors_of(output):",
       "        array = tensor.numpy()",
       "        if axes is not None and array.ndim == len(axes):",
       "            array = array.transpose(np.argsort(axes))",
       "        if [n for n in array.shape if n > 1] == [n for n in shape if n > 1]:",
       "            return array.reshape(-1).astype(\"float64\")",
       "    return None",
       "",
       "",
       "def name_first_wrong_layer(seen, probe):",
       "    for name, shape, axes in LAYERS:",
       "        expected = probe[\"layer.\" + name].astype(\"float64\")",
       "        found = in_keras_order(seen[name], shape, axes) if name in seen else None",
       "        if found is None:",
       "            continue",
       "        found = found[np.arange(expected.size) * 2654435761 % found.size]",
       "        difference = np.abs(found - expected).max()",
       "        if not difference <= 1e-4 * np.abs(expected).max() + 1e-6:",
       "            print(f\"torch: {name!r} is the first layer that differs, by \", end=\"\")",
       "            return print(f\"{difference:.3g}\")"});
}

void write_main(Writer& writer, const Verification& verification) {
  const bool own = is_given_by_user(verification);
  writer.lines(
      {"", "", "def main():",
       "    parser = argparse.ArgumentParser(description=\"Compares this model with Keras's.\")",
       "    parser.add_argument(\"--keras\", metavar=\"FILE\", help=\"the original model\")"});
  if (own) {
    writer.line("    parser.add_argument(");
    writer.line(
        R"(        "--model", metavar="MODULE:CLASS", help="your PyTorch model", required=True)");
    writer.lines(
        {"    )", "    arguments = parser.parse_args()", "    original = arguments.keras"});
  } else {
    writer.line("    original = parser.parse_args().keras");
  }
  writer.lines({"    probe = safetensors.numpy.load_file(FOLDER / \"probe.safetensors\")",
                "    passed = True",
                "    if original is None or importlib.util.find_spec(\"torch\"):"});
  if (!verification.layers.empty()) {
    writer.lines({"        seen = {}",
                  "        passed = agree(\"torch\", run_torch(probe, seen), probe)",
                  "        if not passed:", "            name_first_wrong_layer(seen, probe)"});
  } else {
    writer.line(fmt::format("        passed = agree(\"torch\", run_torch(probe{}), probe)",
                            own ? ", arguments.model" : ""));
  }
  writer.lines({"    if original is not None:",
                "        passed = agree(\"Keras\", run_keras(original, probe), probe) and passed",
                "    print(\"PASS\" if passed else \"FAIL\")", "    return 0 if passed else 1", "",
                "", "if __name__ == \"__main__\":", "    sys.exit(main())"});
}

}  // namespace

std::string verify_source(const Verification& verification) {
  Writer writer;
  write_what_it_proves(writer, verification);
  writer.lines({"import argparse", "import importlib.util", "import sys",
                "from pathlib import Path", "", "import numpy as np", "import safetensors.numpy",
                ""});
  write_tensors(writer, verification);
  if (verification.matched) {
    write_matched_run(writer, verification);
  } else {
    write_torch_run(writer, verification);
  }
  write_keras_run(writer, verification);
  write_comparison(writer, verification);
  if (!verification.layers.empty()) write_layer_comparison(writer);
  write_main(writer, verification);
  return writer.text();
}

}  // namespace tensorferry::torch
