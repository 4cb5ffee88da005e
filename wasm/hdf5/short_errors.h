// Included before each of HDF5's files in the module: an entry of its error stack keeps its
// message, codes and numbers, but not the place in HDF5's source, which is for HDF5's authors.
#undef __FILE__
#define __FILE__ ""
#define __func__ ""
