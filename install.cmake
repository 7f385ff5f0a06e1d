# SPDX-License-Identifier: MIT
#
# What is installed works where it is put: under any prefix, and with no more said to
# anybody.

# Programs find the library, and the library its driver of software devices, beside them.
# Who packages it for where the loader looks anyway sets CMAKE_SKIP_INSTALL_RPATH.
file(RELATIVE_PATH ccwring_libdir_of_programs ${CMAKE_INSTALL_FULL_BINDIR}
	${CMAKE_INSTALL_FULL_LIBDIR})
set(ccwring_rpath_of_programs $ORIGIN/${ccwring_libdir_of_programs})

# ccwring_install_pc(NAME): NAME.pc of NAME.pc.in; the prefix is known when it is installed.
function(ccwring_install_pc name)
	foreach(dir LIBDIR INCLUDEDIR)
		set(${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
		if(IS_ABSOLUTE ${CMAKE_INSTALL_${dir}})
			set(${dir} ${CMAKE_INSTALL_${dir}})
		endif()
	endforeach()
	set(PREFIX @CMAKE_INSTALL_PREFIX@)
	set(pc ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc)
	configure_file(${name}.pc.in ${pc}.in @ONLY)
	install(CODE "configure_file(\"${pc}.in\" \"${pc}\" @ONLY)")
	install(FILES ${pc} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
