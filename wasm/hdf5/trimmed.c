// What HDF5 refers to by name and this build leaves out (see CMakeLists.txt): file drivers that are
// never registered, plugins, two rare filters, arithmetic on data while it is read, the containers of
// HDF5's own tests, and the tracing of calls.
// A file that asks for one of them is refused with HDF5's usual error.
#include "H5private.h"

#include "H5B2private.h"
#include "H5EAprivate.h"
#include "H5Eprivate.h"
#include "H5FAprivate.h"
#include "H5Ipublic.h"
#include "H5PLprivate.h"
#include "H5RSprivate.h"
#include "H5Zprivate.h"

#define NO_DRIVER(name, id)                                \
  hid_t id = H5I_INVALID_HID;                              \
  herr_t H5FD__##name##_register(void) { return SUCCEED; } \
  herr_t H5FD__##name##_unregister(void) { return SUCCEED; }

NO_DRIVER(core, H5FD_CORE_id_g)
NO_DRIVER(family, H5FD_FAMILY_id_g)
NO_DRIVER(log, H5FD_LOG_id_g)
NO_DRIVER(multi, H5FD_MULTI_id_g)
NO_DRIVER(onion, H5FD_ONION_id_g)
NO_DRIVER(splitter, H5FD_SPLITTER_id_g)
NO_DRIVER(stdio, H5FD_STDIO_id_g)

// A filter fails by producing no bytes.
static size_t unavailable(unsigned flags, size_t cd_nelmts, const unsigned cd_values[],
                          size_t nbytes, size_t *buf_size, void **buf) {
  return 0;
}

H5Z_class2_t H5Z_NBIT[1] = {
    {H5Z_CLASS_T_VERS, H5Z_FILTER_NBIT, 0, 0, "nbit (not in this build)", NULL, NULL, unavailable}};
H5Z_class2_t H5Z_SCALEOFFSET[1] = {{H5Z_CLASS_T_VERS, H5Z_FILTER_SCALEOFFSET, 0, 0,
                                    "scaleoffset (not in this build)", NULL, NULL, unavailable}};

const void *H5PL_load(H5PL_type_t plugin_type, const H5PL_key_t *key) { return NULL; }
herr_t H5PL_iterate(H5PL_iterate_type_t iter_type, H5PL_iterate_t iter_op, void *op_data) {
  return SUCCEED;
}
int H5PL_term_package(void) { return 0; }

H5Z_data_xform_t *H5Z_xform_create(const char *expr) { return NULL; }
herr_t H5Z_xform_copy(H5Z_data_xform_t **data_xform_prop) { return SUCCEED; }
herr_t H5Z_xform_destroy(H5Z_data_xform_t *data_xform_prop) { return SUCCEED; }
herr_t H5Z_xform_eval(H5Z_data_xform_t *data_xform_prop, void *array, size_t array_size,
                      const H5T_t *buf_type) {
  return FAIL;
}
bool H5Z_xform_noop(const H5Z_data_xform_t *data_xform_prop) { return true; }
const char *H5Z_xform_extract_xform_str(const H5Z_data_xform_t *data_xform_prop) { return NULL; }

// The class is chosen by a byte of the file, so it must fail cleanly: opening such a container stops
// at the context that cannot be created, before any other callback is called.
static void *no_context(void *udata) { return NULL; }

const H5B2_class_t H5B2_TEST[1] = {{.id = H5B2_TEST_ID, .nrec_size = 1, .crt_context = no_context}};
const H5B2_class_t H5B2_TEST2[1] = {
    {.id = H5B2_TEST2_ID, .nrec_size = 1, .crt_context = no_context}};
const H5EA_class_t H5EA_CLS_TEST[1] = {
    {.id = H5EA_CLS_TEST_ID, .nat_elmt_size = 1, .crt_context = no_context}};
const H5FA_class_t H5FA_CLS_TEST[1] = {
    {.id = H5FA_CLS_TEST_ID, .nat_elmt_size = 1, .crt_context = no_context}};

// zlib's, for a filter when it writes.
unsigned long compressBound(unsigned long source_length) { return source_length; }
int compress2(unsigned char *dest, unsigned long *dest_length, const unsigned char *source,
              unsigned long source_length, int level) {
  return -2;  // Z_STREAM_ERROR
}

herr_t H5_trace_args(struct H5RS_str_t *rs, const char *type, va_list ap) { return FAIL; }

#ifdef __EMSCRIPTEN__
herr_t H5E_push_codes(hid_t major, hid_t minor);
herr_t H5E_push_codes(hid_t major, hid_t minor) {
  return H5E_printf_stack("", "", 0, major, minor, "");
}
#endif
