// SPDX-License-Identifier: MIT
/*
 * main FILE|DIRECTORY... - a fuzz target without libFuzzer
 *
 * Runs it once with each input there is, in the order of their names.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_SIZE 65536

static unsigned long inputs;

/* Named before it is run: a failure ends the process. */
static bool run_file(const char *path)
{
	/* As large as what is in it, so that reading past its end is seen. */
	uint8_t buffer[INPUT_SIZE], *data;
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		return false;
	}
	size = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	data = malloc(size ? size : 1);
	if (!data)
		return false;
	memcpy(data, buffer, size);
	if (printf("%s\n", path) < 0 || fflush(stdout))
		return false;
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	inputs++;
	return true;
}

static bool run_path(const char *path)
{
	struct dirent **entries;
	bool good = true;
	int n = scandir(path, &entries, NULL, alphasort);

	if (n < 0)
		return run_file(path);
	for (int i = 0; i < n; i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			good &= run_file(name);
		free(entries[i]);
	}
	free(entries);
	return good;
}

int main(int argc, char **argv)
{
	bool good = true;

	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		good &= run_path(argv[i]);
	printf("%lu inputs\n", inputs);
	return good && inputs ? 0 : 1;
}
