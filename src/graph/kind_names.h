#pragma once

#include <string_view>

#include "graph/ops.h"

/// What a dump calls the kinds of ops: "relu", "average".
namespace tensorferry::graph {

std::string_view kind_name(Pool::Kind kind);
std::string_view kind_name(ReduceAxes::Kind kind);
std::string_view kind_name(Softmax::Kind kind);
std::string_view kind_name(Merge::Kind kind);
std::string_view kind_name(Dropout::Kind kind);
std::string_view kind_name(UnaryKind kind);
std::string_view kind_name(Attention::Score score);
std::string_view kind_name(Recurrent::Cell cell);
std::string_view kind_name(Recurrent::Merge merge);
std::string_view kind_name(LocallyConnected::Kernel kernel);

}  // namespace tensorferry::graph
