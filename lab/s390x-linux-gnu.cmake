# SPDX-License-Identifier: MIT
#
# CMake toolchain: cross builds for s390x with Debian's compiler.  The C library
# is the cross package's (/usr/s390x-linux-gnu, which the compiler knows); every
# other library comes from the sysroot the environment names in CCWRING_SYSROOT.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)

set(CMAKE_C_COMPILER s390x-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER s390x-linux-gnu-g++)

if(NOT DEFINED ENV{CCWRING_SYSROOT})
	message(FATAL_ERROR "CCWRING_SYSROOT is not set: eval \"$(./run env)\" first")
endif()
set(_sysroot "$ENV{CCWRING_SYSROOT}")

# Not CMAKE_SYSROOT: that would hide the cross package's C library from gcc.
set(CMAKE_FIND_ROOT_PATH "${_sysroot}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_LIBRARY_ARCHITECTURE s390x-linux-gnu)

# idirafter: the sysroot's own libc headers, if a package brought some, must not
# shadow those that belong to the compiler.
set(_include "-idirafter ${_sysroot}/usr/include -idirafter ${_sysroot}/usr/include/s390x-linux-gnu")
set(CMAKE_C_FLAGS_INIT "${_include}")
set(CMAKE_CXX_FLAGS_INIT "${_include}")
set(_link "-L${_sysroot}/usr/lib/s390x-linux-gnu -Wl,-rpath-link,${_sysroot}/usr/lib/s390x-linux-gnu:${_sysroot}/lib/s390x-linux-gnu")
set(CMAKE_EXE_LINKER_FLAGS_INIT "${_link}")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "${_link}")

set(ENV{PKG_CONFIG_LIBDIR} "${_sysroot}/usr/lib/s390x-linux-gnu/pkgconfig:${_sysroot}/usr/share/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${_sysroot}")
set(ENV{PKG_CONFIG_PATH} "")
