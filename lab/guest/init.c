// SPDX-License-Identifier: MIT
/*
 * Process 1 of the guest: sets the place up, runs one program, tells the host
 * what it wrote and how it ended (wire.h), and switches the machine off.
 *
 * The kernel hands words of its command line with a '=' to init's environment:
 *
 *	LAB_MACHINE=qemu|hercules	which way out there is
 *	LAB_INTERACTIVE=1		the program talks to the console
 *	LAB_SLOW=N			things take N times as long as on the lab's kernel
 *
 * The program is the NUL-separated argument vector in /lab/argv.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "looking.h"
#include "wire.h"

static int kmsg_fd = -1;
static sigset_t no_signals;

static void complain(const char *format, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	wire_send(WIRE_ERROR, text, len);
}

static void mount_all(void)
{
	static const struct {
		const char *type, *where;
	} mounts[] = {
		{ "proc", "/proc" },
		{ "sysfs", "/sys" },
		{ "devtmpfs", "/dev" },
		{ "devpts", "/dev/pts" },
		{ "tmpfs", "/dev/shm" },
		{ "tmpfs", "/tmp" },
		{ "tmpfs", "/run" },
		{ "tmpfs", "/out" },
		{ "debugfs", "/sys/kernel/debug" },
		{ "tracefs", "/sys/kernel/tracing" },
	};

	/* A missing file system shows in whoever needs it. */
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i].where, 0755);
		mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, NULL);
	}
}

static int load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -1;
	rc = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return rc;
}

/* The virtio-serial port named "ccwring" is /dev/vportNpM. */
static int open_port(void)
{
	static const char dir[] = "/sys/class/virtio-ports";
	char path[320], name[32] = "";
	DIR *d = opendir(dir);
	struct dirent *e;
	int fd = -1;

	while (d && fd < 0 && (e = readdir(d))) {
		int n = -1, f;

		snprintf(path, sizeof(path), "%s/%s/name", dir, e->d_name);
		f = open(path, O_RDONLY | O_CLOEXEC);
		if (f >= 0) {
			n = read(f, name, sizeof(name) - 1);
			close(f);
		}
		if (n > 0 && !strncmp(name, "ccwring\n", n)) {
			snprintf(path, sizeof(path), "/dev/%s", e->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
		}
	}
	if (d)
		closedir(d);
	return fd;
}

static int open_way_out(void)
{
	const char *machine = getenv("LAB_MACHINE");
	int lines = machine && !strcmp(machine, "hercules");
	int fd;

	if (lines) {
		load_module("/lib/modules/lab/hercon.ko");
		fd = open("/dev/hercon", O_WRONLY | O_CLOEXEC);
	} else {
		/* The port is found by its driver shortly after init starts. */
		for (int i = 0; (fd = open_port()) < 0 && i < 500; i++)
			usleep(10000);
	}
	if (fd < 0)
		return -1;
	wire_open(fd, lines);
	return 0;
}

/* Passes on what the kernel logged since the last call. */
static void send_klog(void)
{
	static char record[8192];
	ssize_t n;

	if (kmsg_fd < 0)
		return;
	for (;;) {
		n = read(kmsg_fd, record, sizeof(record));
		if (n > 0)
			wire_send(WIRE_KLOG, record, n);
		else if (n < 0 && errno == EPIPE)
			wire_send(WIRE_KLOST, "", 0);
		else if (n >= 0 || errno != EINTR)
			return;
	}
}

/* Passes on what is in the pipe; 0 when it is empty for now, -1 at its end. */
static int send_output(int fd)
{
	static char chunk[WIRE_PAYLOAD_MAX];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n > 0)
			wire_send(WIRE_OUTPUT, chunk, n);
		else if (n == 0)
			return -1;
		else if (errno != EINTR)
			return errno == EAGAIN ? 0 : -1;
	}
}

static char **read_argv(void)
{
	static char text[65536];
	static char *argv[4096];
	int fd = open("/lab/argv", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	size_t n = 0;

	close(fd);
	for (char *p = text; len > 0 && p < text + len && n < 4095; p += strlen(p) + 1)
		argv[n++] = p;
	return n ? argv : NULL;
}

static void become(char **argv, int out, int interactive)
{
	int in = open(interactive ? "/dev/console" : "/dev/null", O_RDWR);

	setsid();
	if (interactive) {
		ioctl(in, TIOCSCTTY, 1);
		out = in;
	}
	sigprocmask(SIG_SETMASK, &no_signals, NULL);
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	chdir("/root");
	execvp(argv[0], argv);
	dprintf(2, "lab: cannot run %s in the guest: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Also reaps orphans: they are children of process 1. */
static int reap(pid_t pid, int *status)
{
	pid_t p;
	int s, done = 0;

	while ((p = waitpid(-1, &s, WNOHANG)) > 0) {
		if (p == pid) {
			*status = s;
			done = 1;
		}
	}
	return done;
}

/* Runs the program, passing on its output and the kernel's log; its wait status. */
static int run(char **argv, int interactive)
{
	struct pollfd fds[2];
	int out[2], status = 0, done = 0;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		complain("cannot start a process: %s", strerror(errno));
		return 125 << 8;
	}
	if (!pid)
		become(argv, out[1], interactive);
	close(out[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK);

	fds[0] = (struct pollfd){ .fd = out[0], .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = kmsg_fd, .events = POLLIN };
	while (!done) {
		/* SIGCHLD is blocked but while ppoll sleeps: none gets lost. */
		ppoll(fds, 2, NULL, &no_signals);
		/* Look first, read then: all a dead program wrote is in the pipe. */
		done = reap(pid, &status);
		if (send_output(out[0]) < 0)
			fds[0].fd = -1;
		send_klog();
	}
	return status;
}

static void on_child(int sig)
{
	(void)sig;
}

static void prepare(void)
{
	/*
	 * Before everybody else, so that what a program wrote is on its way out
	 * before the program goes on, possibly to crash the kernel.
	 */
	struct sched_param first = { .sched_priority = 1 };
	struct sigaction sa = { .sa_handler = on_child };
	sigset_t child;

	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
	sigemptyset(&no_signals);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	sigaction(SIGCHLD, &sa, NULL);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin:/tests", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", getenv("LAB_TERM") ?: "dumb", 1);
	sethostname("lab", 3);
	mkdir("/root", 0700);
	mkdir("/out", 0755);
	symlink("/proc/self/fd", "/dev/fd");
}

static void switch_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	/* A process 1 that ends is a panic, and that ends the machine too. */
	_exit(1);
}

int main(void)
{
	const char *interactive = getenv("LAB_INTERACTIVE");
	unsigned char version = WIRE_VERSION, be[4];
	char **argv;
	int status;

	mount_all();
	prepare();
	if (open_way_out() < 0) {
		dprintf(2, "lab: no way out of this machine, switching it off\n");
		switch_off();
	}
	wire_send(WIRE_HELLO, &version, 1);
	kmsg_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	system("/bin/busybox --install -s /bin");

	argv = read_argv();
	if (!argv)
		complain("no program: /lab/argv is missing or empty");
	looking_begin();
	status = argv ? run(argv, interactive && *interactive == '1') : 125 << 8;
	looking_end();

	files_send("/out", complain);
	send_klog();
	be[0] = status >> 24;
	be[1] = status >> 16;
	be[2] = status >> 8;
	be[3] = status;
	wire_send(WIRE_STATUS, be, sizeof(be));
	wire_send(WIRE_END, "", 0);
	wire_wait_taken();
	switch_off();
}
