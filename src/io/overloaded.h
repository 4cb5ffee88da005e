#pragma once

namespace tensorferry::io {

/// The visitor of several lambdas for `std::visit`. clang 14 has no deduction for aggregates, hence
/// the guide.
template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

}  // namespace tensorferry::io
