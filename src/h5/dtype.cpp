#include "h5/dtype.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <cstring>

namespace tensorferry::h5 {
namespace {

using tensor::DType;

// IEEE 754's binary formats, and bfloat16, by the widths of their fields in bits.
std::optional<DType> float_type(hid_t type, std::size_t size) {
  std::size_t sign = 0, exponent_at = 0, exponent = 0, mantissa_at = 0, mantissa = 0;
  if (H5Tget_fields(type, &sign, &exponent_at, &exponent, &mantissa_at, &mantissa) < 0) return {};
  const bool packed = H5Tget_precision(type) == size * 8 && H5Tget_offset(type) == 0 &&
                      sign == size * 8 - 1 && exponent_at == mantissa && mantissa_at == 0 &&
                      exponent + mantissa == sign && H5Tget_norm(type) == H5T_NORM_IMPLIED;
  if (!packed || exponent > 15) return {};
  if (H5Tget_ebias(type) != (std::size_t{1} << (exponent - 1)) - 1) return {};
  if (size == 2 && exponent == 5) return DType::Float16;
  if (size == 2 && exponent == 8) return DType::BFloat16;
  if (size == 4 && exponent == 8) return DType::Float32;
  if (size == 8 && exponent == 11) return DType::Float64;
  return {};
}

std::optional<DType> integer_type(hid_t type, std::size_t size) {
  if (H5Tget_precision(type) != size * 8 || H5Tget_offset(type) != 0) return {};
  const bool with_sign = H5Tget_sign(type) == H5T_SGN_2;
  switch (size) {
    case 1:
      return with_sign ? DType::Int8 : DType::UInt8;
    case 2:
      return with_sign ? DType::Int16 : DType::UInt16;
    case 4:
      return with_sign ? DType::Int32 : DType::UInt32;
    case 8:
      return with_sign ? DType::Int64 : DType::UInt64;
    default:
      return {};
  }
}

bool has_member(hid_t type, const char* name, signed char value) {
  const int index = H5Tget_member_index(type, name);
  signed char found = 0;
  return index >= 0 && H5Tget_member_value(type, static_cast<unsigned>(index), &found) >= 0 &&
         found == value;
}

// h5py's bool: an enumeration of int8, FALSE = 0 and TRUE = 1.
bool is_bool(hid_t type, std::size_t size) {
  return size == 1 && H5Tget_nmembers(type) == 2 && has_member(type, "FALSE", 0) &&
         has_member(type, "TRUE", 1);
}

std::optional<DType> dtype_of(hid_t type) {
  const std::size_t size = H5Tget_size(type);
  const H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_FLOAT) return float_type(type, size);
  if (kind == H5T_INTEGER) return integer_type(type, size);
  if (kind == H5T_ENUM && is_bool(type, size)) return DType::Bool;
  if (kind == H5T_OPAQUE && size == 2) return DType::BFloat16;
  return {};
}

}  // namespace

std::optional<ElementType> element_type(const Handle& type) {
  const std::optional<DType> dtype = dtype_of(type.id());
  if (!dtype) return std::nullopt;
  const bool ordered = tensor::dtype_size(*dtype) > 1 && H5Tget_class(type.id()) != H5T_OPAQUE;
  const H5T_order_t order = ordered ? H5Tget_order(type.id()) : H5T_ORDER_LE;
  if (order != H5T_ORDER_LE && order != H5T_ORDER_BE) return std::nullopt;
  return ElementType{*dtype, order == H5T_ORDER_BE};
}

std::string type_words(const Handle& type) {
  const H5T_class_t kind = H5Tget_class(type.id());
  const char* name = kind == H5T_STRING      ? "strings"
                     : kind == H5T_FLOAT     ? "floating-point numbers"
                     : kind == H5T_INTEGER   ? "integers"
                     : kind == H5T_ENUM      ? "enumerations"
                     : kind == H5T_COMPOUND  ? "compounds"
                     : kind == H5T_OPAQUE    ? "opaque elements"
                     : kind == H5T_VLEN      ? "lists of variable length"
                     : kind == H5T_REFERENCE ? "references"
                                             : "elements of another kind";
  return fmt::format("{} of {} bytes", name, H5Tget_size(type.id()));
}

}  // namespace tensorferry::h5
