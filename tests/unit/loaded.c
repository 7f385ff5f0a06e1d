// SPDX-License-Identifier: MIT
/* loaded.c LIBRARY - the library in a program that loads it while it runs */
#include <dlfcn.h>
#include <stdio.h>

#include <ccwring/version.h>

int main(int argc, char **argv)
{
	unsigned int (*version)(void);
	void *library;

	if (argc != 2)
		return 2;
	library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	*(void **)&version = dlsym(library, "ccwring_version");
	return !version ||
	       version() != CCWRING_VERSION_NUMBER(CCWRING_VERSION_MAJOR, CCWRING_VERSION_MINOR,
						   CCWRING_VERSION_PATCH);
}
