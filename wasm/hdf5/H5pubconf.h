// HDF5's configuration, written by hand in place of its configure step: one header for 64-bit Linux
// and for wasm32 (whose configure under emscripten takes minutes and, with recent Node versions,
// records wrong sizes). Sizes come from the compiler, so they cannot disagree with it; what is a
// fact about the platform is asserted in check_pubconf.c.
#ifndef H5pubconf_H
#define H5pubconf_H

#define H5_PACKAGE "hdf5"
#define H5_PACKAGE_NAME "HDF5"
#define H5_PACKAGE_STRING "HDF5 2.2.0"
#define H5_PACKAGE_TARNAME "hdf5"
#define H5_PACKAGE_VERSION "2.2.0"
#define H5_PACKAGE_BUGREPORT ""
#define H5_PACKAGE_URL ""
#define H5_VERSION "2.2.0"
#define H5_DEFAULT_PLUGINDIR ""

// What the C library has.
#define H5_HAVE_ASPRINTF 1
#define H5_HAVE_CLOCK_GETTIME 1
#define H5_HAVE_DIRENT_H 1
#define H5_HAVE_DLFCN_H 1
#define H5_HAVE_FCNTL 1
#define H5_HAVE_FSEEKO 1
#define H5_HAVE_GETTIMEOFDAY 1
#define H5_HAVE_LIBM 1
#define H5_HAVE_STAT_ST_BLOCKS 1
#define H5_HAVE_STRCASESTR 1
#define H5_HAVE_STRDUP 1
#define H5_HAVE_SYS_FILE_H 1
#define H5_HAVE_SYS_STAT_H 1
#define H5_HAVE_SYS_TIME_H 1
#define H5_HAVE_TM_GMTOFF 1
#define H5_HAVE_UNISTD_H 1
#define H5_HAVE_VASPRINTF 1
#ifndef __EMSCRIPTEN__
#define H5_HAVE_ATTRIBUTE 1  // short_errors.h changes a function that is declared printf-like
#define H5_HAVE_FLOCK 1
#define H5_HAVE_PREADWRITE 1
#endif

// The deflate filter, through zlib. Shuffle and fletcher32 need no library.
#define H5_HAVE_FILTER_DEFLATE 1
#define H5_HAVE_LIBZ 1
#define H5_HAVE_ZLIB_H 1

#define H5_LDOUBLE_TO_LLONG_ACCURATE 1
#define H5_LLONG_TO_LDOUBLE_CORRECT 1
#define H5_NO_DEPRECATED_SYMBOLS 1
#define H5_USE_200_API_DEFAULT 1
#define H5_WANT_DCONV_EXCEPTION 1

#define H5_PAC_C_MAX_REAL_PRECISION __LDBL_DIG__

#define H5_SIZEOF_BOOL 1
#define H5_SIZEOF_CHAR 1
#define H5_SIZEOF_SHORT __SIZEOF_SHORT__
#define H5_SIZEOF_INT __SIZEOF_INT__
#define H5_SIZEOF_UNSIGNED __SIZEOF_INT__
#define H5_SIZEOF_LONG __SIZEOF_LONG__
#define H5_SIZEOF_LONG_LONG __SIZEOF_LONG_LONG__
#define H5_SIZEOF_FLOAT __SIZEOF_FLOAT__
#define H5_SIZEOF_DOUBLE __SIZEOF_DOUBLE__
#define H5_SIZEOF_LONG_DOUBLE __SIZEOF_LONG_DOUBLE__
#define H5_SIZEOF__FLOAT16 0
#define H5_SIZEOF_INT8_T 1
#define H5_SIZEOF_UINT8_T 1
#define H5_SIZEOF_INT16_T 2
#define H5_SIZEOF_UINT16_T 2
#define H5_SIZEOF_INT32_T 4
#define H5_SIZEOF_UINT32_T 4
#define H5_SIZEOF_INT64_T 8
#define H5_SIZEOF_UINT64_T 8
#define H5_SIZEOF_INT_LEAST8_T 1
#define H5_SIZEOF_UINT_LEAST8_T 1
#define H5_SIZEOF_INT_LEAST16_T 2
#define H5_SIZEOF_UINT_LEAST16_T 2
#define H5_SIZEOF_INT_LEAST32_T 4
#define H5_SIZEOF_UINT_LEAST32_T 4
#define H5_SIZEOF_INT_LEAST64_T 8
#define H5_SIZEOF_UINT_LEAST64_T 8
// glibc's fast types of 16 and 32 bits are longs, musl's are ints: both as wide as a pointer.
#define H5_SIZEOF_INT_FAST8_T 1
#define H5_SIZEOF_UINT_FAST8_T 1
#define H5_SIZEOF_INT_FAST16_T __SIZEOF_POINTER__
#define H5_SIZEOF_UINT_FAST16_T __SIZEOF_POINTER__
#define H5_SIZEOF_INT_FAST32_T __SIZEOF_POINTER__
#define H5_SIZEOF_UINT_FAST32_T __SIZEOF_POINTER__
#define H5_SIZEOF_INT_FAST64_T 8
#define H5_SIZEOF_UINT_FAST64_T 8
#define H5_SIZEOF_SIZE_T __SIZEOF_SIZE_T__
#define H5_SIZEOF_SSIZE_T __SIZEOF_SIZE_T__
#define H5_SIZEOF_PTRDIFF_T __SIZEOF_PTRDIFF_T__
#define H5_SIZEOF_OFF_T 8
#define H5_SIZEOF_TIME_T __SIZEOF_LONG__

#endif
