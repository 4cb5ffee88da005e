#include <algorithm>
#include <map>

#include "graph/functions/shapes.h"

namespace tensorferry::graph {

namespace {

using Shapes = std::vector<Extents>;

/// numpy's einsum, its result said ("ij,jk->ik"), without "...".
struct Labels {
  std::vector<std::string> operands;
  std::string result;
};

Labels labels_of(const std::string& equation) {
  Labels labels;
  const std::size_t arrow = equation.find("->");
  labels.result = equation.substr(arrow + 2);
  std::size_t begin = 0;
  while (begin <= arrow) {
    const std::size_t end = std::min(equation.find(',', begin), arrow);
    labels.operands.push_back(equation.substr(begin, end - begin));
    begin = end + 1;
  }
  return labels;
}

std::map<char, Extent> extents_by_letter(const Labels& labels, const Shapes& operands) {
  std::map<char, Extent> extents;
  for (std::size_t i = 0; i < labels.operands.size(); ++i) {
    if (i >= operands.size() || labels.operands[i].size() != operands[i].size()) {
      refuse_operands("einsum", "the equation does not fit the tensors");
    }
    for (std::size_t axis = 0; axis < operands[i].size(); ++axis) {
      Extent& extent = extents.try_emplace(labels.operands[i][axis], 1).first->second;
      if (extent == 1 || extent == unknown_extent) extent = operands[i][axis];
    }
  }
  return extents;
}

Shapes shapes_of_einsum(const Function& function, const Shapes& operands) {
  const Labels labels = labels_of(function.text);
  const auto extents = extents_by_letter(labels, operands);
  Extents shape;
  for (const char letter : labels.result) {
    const auto found = extents.find(letter);
    if (found == extents.end()) refuse_operands("einsum", "the result has an axis of its own");
    shape.push_back(found->second);
  }
  return {shape};
}

Arrays evaluate_einsum(const Function& function, const Arrays& operands) {
  const Labels labels = labels_of(function.text);
  Shapes shapes;
  for (const Array& operand : operands) shapes.push_back(extents_of(operand));
  const auto extents = extents_by_letter(labels, shapes);
  std::string letters = labels.result;
  for (const auto& [letter, extent] : extents) {
    if (letters.find(letter) == std::string::npos) letters += letter;
  }
  Index all;
  for (const char letter : letters) all.push_back(static_cast<std::uint64_t>(extents.at(letter)));
  Array result = zeros(index_of(shapes_of_einsum(function, shapes).at(0)));
  const auto strides = strides_of(result.shape);
  for_each_index(all, [&](const Index& index) {
    double product = 1;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      Index at;
      for (const char letter : labels.operands[i]) at.push_back(index[letters.find(letter)]);
      product *= element_at(operands[i], at);
    }
    const Index target(index.begin(),
                       index.begin() + static_cast<std::ptrdiff_t>(labels.result.size()));
    result.data[offset_of(target, strides)] += product;
  });
  return {result};
}

/// numpy's matmul: a vector is a row on the left, a column on the right.
Extents as_matrix(const Extents& shape, bool left) {
  if (shape.size() != 1) return shape;
  return left ? Extents{1, shape[0]} : Extents{shape[0], 1};
}

Shapes shapes_of_matmul(const Function&, const Shapes& operands) {
  const Extents a = as_matrix(operands.at(0), true);
  const Extents b = as_matrix(operands.at(1), false);
  if (a.size() < 2 || b.size() < 2) refuse_operands("matmul", "it takes no numbers");
  const Extent inner = a.back();
  const Extent other = b[b.size() - 2];
  if (inner != other && inner != unknown_extent && other != unknown_extent) {
    refuse_operands("matmul", "the rows are not as long as the columns");
  }
  Extents shape = broadcast_extents({{a.begin(), a.end() - 2}, {b.begin(), b.end() - 2}});
  if (operands[0].size() > 1) shape.push_back(a[a.size() - 2]);
  if (operands[1].size() > 1) shape.push_back(b.back());
  return {shape};
}

Arrays evaluate_matmul(const Function& function, const Arrays& operands) {
  Array a = operands.at(0);
  Array b = operands.at(1);
  Array result = zeros(index_of(shapes_of_matmul(function, {extents_of(a), extents_of(b)}).at(0)));
  a.shape = index_of(as_matrix(extents_of(a), true));
  b.shape = index_of(as_matrix(extents_of(b), false));
  Index shape = result.shape;
  if (operands[0].shape.size() == 1) shape.insert(shape.end() - (operands[1].shape.size() > 1), 1);
  if (operands[1].shape.size() == 1) shape.push_back(1);
  std::size_t next = 0;
  for_each_index(shape, [&](const Index& index) {
    Index left = index;
    Index right = index;
    for (std::uint64_t k = 0; k < a.shape.back(); ++k) {
      left.back() = k;
      right[index.size() - 2] = k;
      result.data[next] += element_at(a, left) * element_at(b, right);
    }
    ++next;
  });
  return {result};
}

/// Of vectors of three along the last axes.
Shapes shapes_of_cross(const Function&, const Shapes& operands) {
  return {broadcast_extents(operands)};
}

Arrays evaluate_cross(const Function& function, const Arrays& operands) {
  Array result = zeros(index_of(
      shapes_of_cross(function, {extents_of(operands.at(0)), extents_of(operands.at(1))}).at(0)));
  std::size_t next = 0;
  for_each_index(result.shape, [&](Index index) {
    const std::uint64_t axis = index.back();
    const auto at = [&](const Array& array, std::uint64_t position) {
      index.back() = position % 3;
      return element_at(array, index);
    };
    result.data[next++] = at(operands[0], axis + 1) * at(operands[1], axis + 2) -
                          at(operands[0], axis + 2) * at(operands[1], axis + 1);
  });
  return {result};
}

constexpr FunctionRow rows_of_products[] = {
    fixed("cross", shapes_of_cross, evaluate_cross),
    fixed("einsum", shapes_of_einsum, evaluate_einsum),
    fixed("matmul", shapes_of_matmul, evaluate_matmul),
};

constexpr auto kinds_of_products = kinds_of(rows_of_products);

}  // namespace

std::span<const FunctionKind> product_functions() { return kinds_of_products; }
std::span<const FunctionRow> product_rows() { return rows_of_products; }

}  // namespace tensorferry::graph
