// SPDX-License-Identifier: GPL-2.0-only
/* driver.c - libccwring-hosted.so: what libccwring finds in it */
#include "hosted_abi.h"

#include "hosted.h"

extern const struct hosted_driver ccwring_hosted_driver;

__attribute__((visibility("default"))) const struct hosted_driver ccwring_hosted_driver = {
	.abi = HOSTED_ABI,
	.client_new = hosted_client_new,
	.client_free = hosted_client_free,
	.map = hosted_map,
	.unmap = hosted_unmap,
	.open = hosted_open,
	.close = hosted_free,
	.reset = hosted_reset,
	.feature = hosted_feature,
	.file_ioctl = hosted_ioctl,
	.file_mmap = hosted_mmap,
	.file_poll = hosted_poll_fd,
	.file_close = hosted_close,
};
