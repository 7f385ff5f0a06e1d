// SPDX-License-Identifier: GPL-2.0-only
/* sync.c - locks, tasks and waiting, by POSIX threads */
#include <shim/sync.h>

#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void shim_warn(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

/* Locks */

void shim_lock_init(struct shim_lock *lock)
{
	*lock = (struct shim_lock)SHIM_LOCK_INIT;
}

static void taken(struct shim_lock *lock)
{
	lock->owner = pthread_self();
	lock->held = true;
}

void shim_lock(struct shim_lock *lock)
{
	pthread_mutex_lock(&lock->mutex);
	taken(lock);
}

bool shim_trylock(struct shim_lock *lock)
{
	if (pthread_mutex_trylock(&lock->mutex))
		return false;
	taken(lock);
	return true;
}

void shim_unlock(struct shim_lock *lock)
{
	shim_assert_held(lock);
	lock->held = false;
	pthread_mutex_unlock(&lock->mutex);
}

void shim_assert_held(const struct shim_lock *lock)
{
	if (!lock->held || !pthread_equal(lock->owner, pthread_self()))
		shim_warn(__FILE__, __LINE__, "a lock is not held");
}

/* One thread */

/* Time that nobody sleeps through passes in large steps. */
#define ALONE_STEP_NS 100000000ULL

bool (*shim_go_on)(void);
static u64 alone_ns = ALONE_STEP_NS;

void shim_relax(void)
{
	if (!shim_go_on)
		sched_yield();
	else
		shim_go_on();
}

/* Until this task is woken, or nobody is left who could. */
static bool sleep_alone(u64 until)
{
	while (current->state != TASK_RUNNING && shim_go_on())
		;
	if (current->state == TASK_RUNNING)
		return true;
	WARN_ON_ONCE(until == U64_MAX);
	alone_ns = max(until, alone_ns + ALONE_STEP_NS);
	current->state = TASK_RUNNING;
	return false;
}

/* Time */

u64 ktime_get_ns(void)
{
	struct timespec ts;

	if (shim_go_on)
		return alone_ns += NSEC_PER_USEC;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

u64 shim_jiffy_ns = 1000000;

unsigned long shim_jiffies(void)
{
	return ktime_get_ns() / shim_jiffy_ns;
}

static void (*before_sleep)(void *arg);
static void *before_sleep_arg;

void shim_before_sleep(void (*run)(void *arg), void *arg)
{
	before_sleep_arg = arg;
	__atomic_store_n(&before_sleep, run, __ATOMIC_RELEASE);
}

void usleep_range(unsigned long least, unsigned long most)
{
	void (*run)(void *arg) = __atomic_exchange_n(&before_sleep, NULL, __ATOMIC_ACQUIRE);
	struct timespec ts = { .tv_nsec = least * 1000 };

	(void)most;
	if (run)
		run(before_sleep_arg);
	if (shim_go_on) {
		if (!shim_go_on())
			alone_ns += ALONE_STEP_NS;
		return;
	}
	nanosleep(&ts, NULL);
}

/* Tasks */

void shim_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

/* Signals are for the program's own threads. */
int shim_thread_create(pthread_t *thread, void *(*run)(void *data), void *data)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(thread, NULL, run, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

static struct mm_struct process = { .mm_users = { 1 } };
static __thread struct task_struct *self;
static __thread struct task_struct own = { .mm = &process };

struct task_struct *shim_current(void)
{
	if (!self)
		self = &own;
	return self;
}

/* Pairs with wake_up_process(): who wakes has stored what is waited for before. */
void set_current_state(int state)
{
	__atomic_store_n(&current->state, state, __ATOMIC_SEQ_CST);
}

int wake_up_process(struct task_struct *task)
{
	if (__atomic_exchange_n(&task->state, TASK_RUNNING, __ATOMIC_SEQ_CST) == TASK_RUNNING)
		return 0;
	syscall(SYS_futex, &task->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	return 1;
}

/*
 * Until somebody wakes this task, the time has come, or, if it may be interrupted, a
 * signal has been handled: was it before the time?
 */
static bool sleep_until(u64 ns)
{
	/* There always is a time: without one signals do not end the system call. */
	struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	struct task_struct *task = current;
	bool in_time = true;
	int state;

	if (shim_go_on)
		return sleep_alone(ns);
	while (in_time && !task->signaled &&
	       (state = __atomic_load_n(&task->state, __ATOMIC_ACQUIRE)) != TASK_RUNNING) {
		if (!syscall(SYS_futex, &task->state, FUTEX_WAIT_BITSET_PRIVATE, state, &ts, NULL,
			     FUTEX_BITSET_MATCH_ANY))
			continue;
		in_time = errno != ETIMEDOUT;
		task->signaled = errno == EINTR && state == TASK_INTERRUPTIBLE;
	}
	set_current_state(TASK_RUNNING);
	return in_time;
}

void schedule(void)
{
	sleep_until(U64_MAX);
}

long schedule_timeout(long timeout)
{
	unsigned long end = jiffies + timeout;
	long left;

	if (timeout == LONG_MAX) {
		schedule();
		return timeout;
	}
	sleep_until(ktime_get_ns() + timeout * shim_jiffy_ns);
	left = end - jiffies;
	return left < 0 ? 0 : left;
}

void schedule_timeout_uninterruptible(long timeout)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(timeout);
}

int schedule_hrtimeout(ktime_t *until, int mode)
{
	(void)mode;
	return sleep_until(until ? (u64)*until : U64_MAX) ? -EINTR : 0;
}

static void *task_run(void *data)
{
	struct task_struct *task = data;

	self = task;
	while (__atomic_load_n(&task->state, __ATOMIC_ACQUIRE) != TASK_RUNNING)
		syscall(SYS_futex, &task->state, FUTEX_WAIT_PRIVATE, TASK_UNINTERRUPTIBLE, NULL,
			NULL, 0);
	if (!READ_ONCE(task->stop))
		task->run(task->data);
	return NULL;
}

/* It runs when it is woken for the first time. */
struct task_struct *shim_kthread_create(int (*run)(void *data), void *data)
{
	struct task_struct *task = calloc(1, sizeof(*task));

	if (!task)
		return ERR_PTR(-ENOMEM);
	task->state = TASK_UNINTERRUPTIBLE;
	task->run = run;
	task->data = data;
	if (shim_thread_create(&task->thread, task_run, task)) {
		free(task);
		return ERR_PTR(-ENOMEM);
	}
	return task;
}

bool kthread_should_stop(void)
{
	return READ_ONCE(current->stop);
}

void kthread_stop(struct task_struct *task)
{
	WRITE_ONCE(task->stop, true);
	wake_up_process(task);
	pthread_join(task->thread, NULL);
	free(task);
}

/* Wait queues */

void init_waitqueue_head(struct wait_queue_head *queue)
{
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->head);
}

/* A glance without the lock, as the kernel's. */
bool waitqueue_active(struct wait_queue_head *queue)
{
	return READ_ONCE(queue->head.next) != &queue->head;
}

int autoremove_wake_function(struct wait_queue_entry *wait, unsigned int mode, int flags, void *key)
{
	(void)mode;
	(void)flags;
	(void)key;
	list_del_init(&wait->entry);
	return wake_up_process(wait->private);
}

void __add_wait_queue_entry_tail(struct wait_queue_head *queue, struct wait_queue_entry *wait)
{
	list_add_tail(&wait->entry, &queue->head);
}

void prepare_to_wait(struct wait_queue_head *queue, struct wait_queue_entry *wait, int state)
{
	spin_lock(&queue->lock);
	if (list_empty(&wait->entry))
		__add_wait_queue_entry_tail(queue, wait);
	set_current_state(state);
	spin_unlock(&queue->lock);
}

void finish_wait(struct wait_queue_head *queue, struct wait_queue_entry *wait)
{
	set_current_state(TASK_RUNNING);
	spin_lock(&queue->lock);
	if (!list_empty(&wait->entry))
		list_del_init(&wait->entry);
	spin_unlock(&queue->lock);
}

void wake_up_locked(struct wait_queue_head *queue)
{
	struct wait_queue_entry *wait, *next;

	list_for_each_entry_safe(wait, next, &queue->head, entry) wait->func(wait, 0, 0, NULL);
}

void wake_up(struct wait_queue_head *queue)
{
	spin_lock(&queue->lock);
	wake_up_locked(queue);
	spin_unlock(&queue->lock);
}

/* Work */

static pthread_mutex_t work_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_done = PTHREAD_COND_INITIALIZER;

static void *work_run(void *data)
{
	struct work_struct *work = data;

	struct timespec due;

	pthread_mutex_lock(&work_lock);
	while (work->pending && ktime_get_ns() < work->due) {
		due.tv_sec = work->due / 1000000000;
		due.tv_nsec = work->due % 1000000000;
		pthread_cond_clockwait(&work_done, &work_lock, CLOCK_MONOTONIC, &due);
	}
	/* It does not run beside itself. */
	while (work->pending && work->running)
		pthread_cond_wait(&work_done, &work_lock);
	if (work->pending) {
		work->pending = false;
		work->running = true;
		pthread_mutex_unlock(&work_lock);
		work->run(work);
		pthread_mutex_lock(&work_lock);
		work->running = false;
	}
	work->threads--;
	pthread_cond_broadcast(&work_done);
	pthread_mutex_unlock(&work_lock);
	return NULL;
}

static void schedule_at(struct work_struct *work, u64 due)
{
	pthread_t thread;

	pthread_mutex_lock(&work_lock);
	if (!work->pending) {
		work->due = due;
		work->pending = true;
		work->threads++;
		WARN_ON_ONCE(shim_thread_create(&thread, work_run, work));
		pthread_detach(thread);
	}
	pthread_mutex_unlock(&work_lock);
}

void schedule_work(struct work_struct *work)
{
	schedule_at(work, 0);
}

void schedule_delayed_work(struct delayed_work *dw, unsigned long delay)
{
	schedule_at(&dw->work, ktime_get_ns() + delay * shim_jiffy_ns);
}

void flush_work(struct work_struct *work)
{
	pthread_mutex_lock(&work_lock);
	while (work->threads)
		pthread_cond_wait(&work_done, &work_lock);
	pthread_mutex_unlock(&work_lock);
}

static void cancel_work(struct work_struct *work)
{
	pthread_mutex_lock(&work_lock);
	work->pending = false;
	pthread_cond_broadcast(&work_done);
	pthread_mutex_unlock(&work_lock);
}

void cancel_delayed_work(struct delayed_work *dw)
{
	cancel_work(&dw->work);
}

void cancel_work_sync(struct work_struct *work)
{
	cancel_work(work);
	flush_work(work);
}
