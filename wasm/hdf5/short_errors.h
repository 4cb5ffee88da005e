// Included before each of HDF5's files in the module: an entry of its error stack keeps its codes
// (what HDF5 was doing, what went wrong), but neither the place in HDF5's source nor a sentence for
// HDF5's authors. Four thousand such sentences would be a sixth of the module.
#undef __FILE__
#define __FILE__ ""
#define __func__ ""
#ifndef DEFINES_H5E_PRINTF_STACK
#define H5E_printf_stack(file, func, line, major, minor, ...) H5E_push_codes(major, minor)
#endif
