#pragma once

#include <optional>
#include <string>

#include "h5/handle.h"
#include "tensor/tensor_ref.h"

namespace tensorferry::h5 {

struct ElementType {
  tensor::DType dtype = tensor::DType::Float32;
  bool big_endian = false;
};

/// The elements of an HDF5 datatype, by its fields and never by comparison with native types (which
/// differ between machines). None for what no tensor has: strings, compounds, odd widths. bfloat16
/// is the opaque type of two bytes that ml_dtypes makes h5py write, or HDF5 2's own.
std::optional<ElementType> element_type(const Handle& type);

/// What such a type is, for a message: "strings", "compounds of 12 bytes".
std::string type_words(const Handle& type);

}  // namespace tensorferry::h5
