#pragma once

#include <cstdint>

namespace tensorferry::h5 {

/// HDF5's hid_t, without its header.
using Id = std::int64_t;

/// Owns one HDF5 id of any kind.
class Handle {
 public:
  Handle() = default;
  explicit Handle(Id id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(other.release()) {}
  Handle& operator=(Handle&& other) noexcept;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { close(); }

  Id id() const { return id_; }
  bool valid() const { return id_ >= 0; }

 private:
  Id release();
  void close();

  Id id_ = -1;
};

}  // namespace tensorferry::h5
