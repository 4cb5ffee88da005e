// What HDF5 refers to by name and this build leaves out (see CMakeLists.txt): file drivers that are
// never registered, and two rare filters which answer "not available", so that HDF5 refuses a
// dataset that uses them with its usual error instead of failing to link.
#include "H5private.h"

#include "H5Ipublic.h"
#include "H5Zprivate.h"

#define NO_DRIVER(name, id)                                     \
  hid_t id = H5I_INVALID_HID;                                   \
  herr_t H5FD__##name##_register(void);                         \
  herr_t H5FD__##name##_unregister(void);                       \
  herr_t H5FD__##name##_register(void) { return SUCCEED; }      \
  herr_t H5FD__##name##_unregister(void) { return SUCCEED; }

NO_DRIVER(core, H5FD_CORE_id_g)
NO_DRIVER(family, H5FD_FAMILY_id_g)
NO_DRIVER(log, H5FD_LOG_id_g)
NO_DRIVER(multi, H5FD_MULTI_id_g)
NO_DRIVER(onion, H5FD_ONION_id_g)
NO_DRIVER(splitter, H5FD_SPLITTER_id_g)
NO_DRIVER(stdio, H5FD_STDIO_id_g)

static size_t unavailable(unsigned flags, size_t cd_nelmts, const unsigned cd_values[],
                          size_t nbytes, size_t *buf_size, void **buf) {
  (void)flags, (void)cd_nelmts, (void)cd_values, (void)nbytes, (void)buf_size, (void)buf;
  return 0;  // A filter's way to say that it failed.
}

H5Z_class2_t H5Z_NBIT[1] = {
    {H5Z_CLASS_T_VERS, H5Z_FILTER_NBIT, 0, 0, "nbit (not in this build)", NULL, NULL, unavailable}};
H5Z_class2_t H5Z_SCALEOFFSET[1] = {{H5Z_CLASS_T_VERS, H5Z_FILTER_SCALEOFFSET, 0, 0,
                                    "scaleoffset (not in this build)", NULL, NULL, unavailable}};
