// The module only reads files. HDF5's table of operations (H5VLnative.c) names these in place of the
// ones that write, so that the linker can leave out all that
// only they reach.
#include "H5private.h"

#include "H5VLnative_private.h"

void *no_attr_create(void *obj, const H5VL_loc_params_t *loc_params, const char *attr_name,
                        hid_t type_id, hid_t space_id, hid_t acpl_id, hid_t aapl_id, hid_t dxpl_id,
                        void **req) {
  return NULL;
}

herr_t no_attr_write(void *attr, hid_t dtype_id, const void *buf, hid_t dxpl_id, void **req) {
  return FAIL;
}

void *no_dataset_create(void *obj, const H5VL_loc_params_t *loc_params, const char *name,
                           hid_t lcpl_id, hid_t type_id, hid_t space_id, hid_t dcpl_id,
                           hid_t dapl_id, hid_t dxpl_id, void **req) {
  return NULL;
}

herr_t no_dataset_write(size_t count, void *obj[], hid_t mem_type_id[], hid_t mem_space_id[],
                           hid_t file_space_id[], hid_t dxpl_id, const void *buf[], void **req) {
  return FAIL;
}

void *no_datatype_commit(void *obj, const H5VL_loc_params_t *loc_params, const char *name,
                            hid_t type_id, hid_t lcpl_id, hid_t tcpl_id, hid_t tapl_id,
                            hid_t dxpl_id, void **req) {
  return NULL;
}

void *no_file_create(const char *name, unsigned flags, hid_t fcpl_id, hid_t fapl_id,
                        hid_t dxpl_id, void **req) {
  return NULL;
}

void *no_group_create(void *obj, const H5VL_loc_params_t *loc_params, const char *name,
                         hid_t lcpl_id, hid_t gcpl_id, hid_t gapl_id, hid_t dxpl_id, void **req) {
  return NULL;
}

herr_t no_link_create(H5VL_link_create_args_t *args, void *obj,
                         const H5VL_loc_params_t *loc_params, hid_t lcpl_id, hid_t lapl_id,
                         hid_t dxpl_id, void **req) {
  return FAIL;
}

herr_t no_link_copy(void *src_obj, const H5VL_loc_params_t *loc_params1, void *dst_obj,
                       const H5VL_loc_params_t *loc_params2, hid_t lcpl_id, hid_t lapl_id,
                       hid_t dxpl_id, void **req) {
  return FAIL;
}

herr_t no_object_copy(void *src_obj, const H5VL_loc_params_t *loc_params1, const char *src_name,
                         void *dst_obj, const H5VL_loc_params_t *loc_params2, const char *dst_name,
                         hid_t ocpypl_id, hid_t lcpl_id, hid_t dxpl_id, void **req) {
  return FAIL;
}
