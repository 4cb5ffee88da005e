#include "keras/model.h"

#include "io/overloaded.h"

namespace tensorferry::keras {
namespace {

void append_tensors(const Argument& argument, std::vector<TensorHandle>& tensors) {
  std::visit(io::overloaded{
                 [&](const TensorHandle& tensor) { tensors.push_back(tensor); },
                 [&](const std::vector<Argument>& list) {
                   for (const Argument& item : list) append_tensors(item, tensors);
                 },
                 [](const Json&) {},
             },
             argument.value);
}

}  // namespace

std::vector<TensorHandle> tensors_of(const Call& call) {
  std::vector<TensorHandle> tensors;
  for (const Argument& argument : call.arguments) append_tensors(argument, tensors);
  for (const auto& [name, argument] : call.keywords) append_tensors(argument, tensors);
  return tensors;
}

}  // namespace tensorferry::keras
