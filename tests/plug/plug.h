/* SPDX-License-Identifier: MIT */
/*
 * Devices that come and go: how to make them, how to see it, and what must be
 * as before when they are gone.
 */
#ifndef CCWRING_TESTS_PLUG_H
#define CCWRING_TESTS_PLUG_H

#include <sys/types.h>

#include "common.h"

/* What lab/boot --devices 1 brings, and how to bring it again. */
#define T_DEVNO	      "0.0.2000"
#define T_HOST_DEL    "device_del dev0"
#define T_HOST_ADD    "device_add virtio-rng-ccw id=dev0 devno=fe.0.2000"
#define T_CSS	      "/sys/bus/css/devices/"
#define T_DRIVER      "/sys/bus/css/drivers/vfio_ccw/"

/* The kernel that looks is some forty times slower. */
#define T_PATIENCE_MS 60000

uint64_t t_now_ms(void);

/* Asks the host for something: see docs/lab.md. */
void t_host(const char *request);

/* Runs a command of the shell, which must succeed. */
void t_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Writes to an attribute: 0 or -errno. */
int t_write(const char *path, const char *value);

/* Waits: did the file come, did it go, is its content this? */
bool t_appears(const char *path);
bool t_vanishes(const char *path);
bool t_becomes(const char *path, const char *content);

/* Binds T_DEVNO, freshly plugged or with its driver taken away. */
void t_bind(void);
/* The device that T_HOST_DEL took away comes again, and is bound. */
void t_plug_in(void);

/**
 * struct t_sub - a subchannel that is bound
 * @device: what is open of it
 * @id: its name
 * @sysfs: its directory
 */
struct t_sub {
	struct t_device *device;
	char id[32];
	char sysfs[64];
};

/* The subchannel of a device, and that of T_DEVNO. */
void t_sub_of(struct t_device *device, struct t_sub *sub);
void t_find_sub(struct t_vm *vm, struct t_sub *sub);
/* The other one of two devices. */
struct t_device *t_neighbour(struct t_vm *vm, const struct t_sub *sub);

/* Starts to take the device away; the process ends when that is done. */
typedef pid_t (*t_take)(const struct t_sub *sub);
pid_t t_unbind(const struct t_sub *sub);
pid_t t_remove_mdev(const struct t_sub *sub);

/* An eventfd for VFIO_CCW_REQ_IRQ_INDEX and the like. */
int t_eventfd(int device, uint32_t index);
bool t_signalled(int eventfd, int timeout_ms);

/**
 * struct t_before - what there was before a test
 * @pinned: pages pinned
 * @users: users of the module
 * @locked: memory locked by this process, KiB
 */
struct t_before {
	long long pinned;
	long long users;
	long long locked;
};

void t_note_before(struct t_before *before);
void t_check_after(const struct t_before *before, const char *when);

/* Reporting sources of a channel report word. */
#define T_SOURCE_MONITOR      2
#define T_SOURCE_SUBCHANNEL   3
#define T_SOURCE_PATH	      4
#define T_SOURCE_CONFIG_ALERT 9
#define T_SOURCE_CSS	      0xb

/* What has happened to the source. */
#define T_CRW_EVENT	      0
#define T_CRW_INIT	      2
#define T_CRW_IPARM	      4
#define T_CRW_PERRN	      6
#define T_CRW_PERRI	      7
#define T_CRW_PMOD	      8
#define T_CRW_LAST	      0xf

struct t_crw {
	bool solicited;
	bool overflow;
	bool ancillary;
	unsigned int source;
	unsigned int event;
	unsigned int id;
};

/* A channel report word for this kernel, from nowhere. */
void t_allow_crws(void);
bool t_inject(struct t_crw crw);

/* A process that does something; it ends with 0 if that went well. */
pid_t t_start(int (*what)(void *argument), void *argument);
/* The same by the shell: it has nothing that is open or mapped here. */
pid_t t_spawn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Has it ended within so many milliseconds?  Its wait status, or -1. */
int t_ended(pid_t pid, unsigned int ms);
/* Does it end by itself, with status 0? */
bool t_exited(pid_t pid);

#endif
