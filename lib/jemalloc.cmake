# SPDX-License-Identifier: MIT
#
# A copy of jemalloc for the library alone.  Its malloc(), which would become that of
# every program that loads the library, is hidden; so is all else but what is kept here.
find_path(JEMALLOC_INCLUDE_DIR jemalloc/jemalloc.h)
find_library(JEMALLOC_PIC_LIBRARY NAMES libjemalloc_pic.a)
if(NOT JEMALLOC_INCLUDE_DIR OR NOT JEMALLOC_PIC_LIBRARY)
	message(FATAL_ERROR "no libjemalloc_pic.a, or no header of it: install jemalloc's "
		"development package (Debian: libjemalloc-dev), or build jemalloc 5.3 with "
		"--enable-static and set JEMALLOC_PIC_LIBRARY")
endif()

set(keep mallocx dallocx mallctl malloc_conf_2_conf_harder)
set(jemalloc ${CMAKE_CURRENT_BINARY_DIR}/jemalloc.o)
list(TRANSFORM keep PREPEND -Wl,--undefined= OUTPUT_VARIABLE take)
list(TRANSFORM keep PREPEND --keep-global-symbol= OUTPUT_VARIABLE show)
add_custom_command(OUTPUT ${jemalloc}
	# The compiler knows what its linker is to be told.
	COMMAND ${CMAKE_C_COMPILER} -r -nostdlib ${take} -o ${jemalloc}.all ${JEMALLOC_PIC_LIBRARY}
	COMMAND ${CMAKE_OBJCOPY} ${show} ${jemalloc}.all ${jemalloc}
	DEPENDS ${JEMALLOC_PIC_LIBRARY}
	VERBATIM
)
add_custom_target(ccwring_jemalloc_object DEPENDS ${jemalloc})
add_library(ccwring_jemalloc INTERFACE)
add_dependencies(ccwring_jemalloc ccwring_jemalloc_object)
# In a cross build the compiler finds it, behind the headers of its own C library.
if(NOT CMAKE_CROSSCOMPILING)
	target_include_directories(ccwring_jemalloc SYSTEM INTERFACE ${JEMALLOC_INCLUDE_DIR})
endif()
target_link_libraries(ccwring_jemalloc INTERFACE ${jemalloc} m)
