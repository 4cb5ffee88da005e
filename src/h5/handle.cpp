#include "h5/handle.h"

#include <hdf5.h>

#include <type_traits>
#include <utility>

namespace tensorferry::h5 {

static_assert(std::is_same_v<hid_t, Id>);

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    close();
    id_ = other.release();
  }
  return *this;
}

Id Handle::release() { return std::exchange(id_, -1); }

void Handle::close() {
  if (id_ >= 0) H5Idec_ref(id_);
  id_ = -1;
}

}  // namespace tensorferry::h5
