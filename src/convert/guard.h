#pragma once

#include <exception>
#include <new>
#include <string>
#include <type_traits>

#include "convert.h"
#include "io/error.h"

namespace tensorferry::convert {

/// Runs `work` and turns whatever it throws into a value (wall 9).
template <class Work>
auto guarded(Work&& work) -> Result<std::invoke_result_t<Work>> {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
      work();
      return {};
    } else {
      return work();
    }
  } catch (const io::Error& error) {
    return tl::unexpected(Failure{error.code(), error.what(), error.notes()});
  } catch (const std::bad_alloc&) {
    return tl::unexpected(
        Failure{io::ErrorCode::Internal, "There was not enough memory for this step.", {}});
  } catch (const std::exception& error) {
    return tl::unexpected(Failure{
        io::ErrorCode::Internal, std::string("An error inside tensorferry: ") + error.what(), {}});
  }
}

}  // namespace tensorferry::convert
