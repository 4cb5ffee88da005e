// Holds H5pubconf.h against the compiler: a wrong size there would make HDF5 read wrong numbers.
#include "H5pubconf.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define CHECK(type, size) static_assert(sizeof(type) == (size), "H5pubconf.h: sizeof(" #type ")")

CHECK(bool, H5_SIZEOF_BOOL);
CHECK(long double, H5_SIZEOF_LONG_DOUBLE);
CHECK(int_fast8_t, H5_SIZEOF_INT_FAST8_T);
CHECK(int_fast16_t, H5_SIZEOF_INT_FAST16_T);
CHECK(int_fast32_t, H5_SIZEOF_INT_FAST32_T);
CHECK(int_fast64_t, H5_SIZEOF_INT_FAST64_T);
CHECK(ssize_t, H5_SIZEOF_SSIZE_T);
CHECK(off_t, H5_SIZEOF_OFF_T);
CHECK(time_t, H5_SIZEOF_TIME_T);

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "H5pubconf.h is for little-endian CPUs");
