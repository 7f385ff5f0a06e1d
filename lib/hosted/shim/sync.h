/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sync.h - memory order, locks, tasks and waiting
 *
 * Tasks are threads.  A spin lock is a mutex: there are no interrupts that could
 * come to a thread that holds one, interrupts are threads as well.
 */
#ifndef SHIM_SYNC_H
#define SHIM_SYNC_H

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <shim/kernel.h>

/* Memory order */

#ifndef __clang__
#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#else /* knows no atomic access to what is not aligned, as part of an ORB */
#define READ_ONCE(x)                                                          \
	({                                                                    \
		const volatile struct {                                       \
			__typeof__(x) value;                                  \
		} __attribute__((packed)) *at_ = (const volatile void *)&(x); \
		at_->value;                                                   \
	})
#endif
#define WRITE_ONCE(x, v)	    __atomic_store_n(&(x), v, __ATOMIC_RELAXED)
#define smp_load_acquire(p)	    __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	    __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_mb()		    __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define barrier()		    __asm__ volatile("" : : : "memory")
#define cpu_relax()		    shim_relax()
#define cond_resched()		    ((void)0)
#define cond_resched_tasks_rcu_qs() ((void)0)

/* Known, and meant: a sanitizer need not say so. */
#ifdef __SANITIZE_THREAD__
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
#define data_race(x)                                           \
	({                                                     \
		AnnotateIgnoreReadsBegin(__FILE__, __LINE__);  \
		AnnotateIgnoreWritesBegin(__FILE__, __LINE__); \
		__typeof__(x) value_ = (x);                    \
		AnnotateIgnoreWritesEnd(__FILE__, __LINE__);   \
		AnnotateIgnoreReadsEnd(__FILE__, __LINE__);    \
		value_;                                        \
	})
#else
#define data_race(x) (x)
#endif

typedef struct {
	int counter;
} atomic_t;

#define atomic_read(v) READ_ONCE((v)->counter)

struct kref {
	int count;
};

static inline void kref_init(struct kref *kref)
{
	kref->count = 1;
}

static inline void kref_get(struct kref *kref)
{
	__atomic_add_fetch(&kref->count, 1, __ATOMIC_RELAXED);
}

static inline void kref_put(struct kref *kref, void (*release)(struct kref *kref))
{
	if (!__atomic_sub_fetch(&kref->count, 1, __ATOMIC_ACQ_REL))
		release(kref);
}

/* Locks know who has them: lockdep_assert_held() is for real. */

struct shim_lock {
	pthread_mutex_t mutex;
	pthread_t owner;
	bool held;
};

typedef struct shim_lock spinlock_t;
struct mutex {
	struct shim_lock lock;
};

void shim_lock_init(struct shim_lock *lock);
void shim_lock(struct shim_lock *lock);
bool shim_trylock(struct shim_lock *lock);
void shim_unlock(struct shim_lock *lock);
void shim_assert_held(const struct shim_lock *lock);

#define SHIM_LOCK_INIT                             \
	{                                          \
		.mutex = PTHREAD_MUTEX_INITIALIZER \
	}
#define spin_lock_init(l)		 shim_lock_init(l)
#define spin_lock(l)			 shim_lock(l)
#define spin_unlock(l)			 shim_unlock(l)
#define spin_lock_irq(l)		 shim_lock(l)
#define spin_unlock_irq(l)		 shim_unlock(l)
#define spin_lock_irqsave(l, flags)	 ((flags) = 0, shim_lock(l))
#define spin_unlock_irqrestore(l, flags) ((void)(flags), shim_unlock(l))
#define DEFINE_SPINLOCK(name)		 spinlock_t name = SHIM_LOCK_INIT
#define DEFINE_MUTEX(name)		 struct mutex name = { SHIM_LOCK_INIT }
#define mutex_init(m)			 shim_lock_init(&(m)->lock)
#define mutex_lock(m)			 shim_lock(&(m)->lock)
#define mutex_lock_nest_lock(m, outer)	 ((void)(outer), shim_lock(&(m)->lock))
#define mutex_trylock(m)		 shim_trylock(&(m)->lock)
#define mutex_unlock(m)			 shim_unlock(&(m)->lock)
#define lockdep_assert_irqs_disabled()	 ((void)0)
#define lockdep_assert_held(l)                                                 \
	shim_assert_held(_Generic((l), struct mutex *                          \
				  : &((struct mutex *)(l))->lock, spinlock_t * \
				  : (spinlock_t *)(l)))

/*
 * In a process of one thread: who waits has the machine do one thing there is to do;
 * false if there is none.  NULL: there are threads.
 */
extern bool (*shim_go_on)(void);
void shim_relax(void);

/* Time: a jiffy is a millisecond, or less for who is in a hurry. */

#define HZ		  1000
#define NSEC_PER_USEC	  1000L
#define NSEC_PER_MSEC	  1000000L
#define KTIME_MAX	  INT64_MAX
#define jiffies		  shim_jiffies()
#define time_before(a, b) ((long)((a) - (b)) < 0)
#define time_after(a, b)  time_before(b, a)

extern u64 shim_jiffy_ns;
u64 ktime_get_ns(void);
unsigned long shim_jiffies(void);

static inline ktime_t ktime_get(void)
{
	return ktime_get_ns();
}

static inline ktime_t ktime_add_ns(ktime_t t, u64 ns)
{
	return t + ns;
}

static inline ktime_t ktime_add_safe(ktime_t a, ktime_t b)
{
	return a > KTIME_MAX - b ? KTIME_MAX : a + b;
}

static inline int ktime_compare(ktime_t a, ktime_t b)
{
	return a < b ? -1 : a > b;
}

/* Tasks */

#define TASK_RUNNING	     0
#define TASK_INTERRUPTIBLE   1
#define TASK_UNINTERRUPTIBLE 2

struct task_struct {
	int state; /* which others change: a futex */
	bool stop;
	bool signaled; /* a signal has interrupted a wait of this system call */
	pthread_t thread;
	int (*run)(void *data);
	void *data;
	void *cpus_ptr;
	struct mm_struct *mm;
};

/* As pthread_create(), of a thread that no signal is handled in. */
int shim_thread_create(pthread_t *thread, void *(*run)(void *data), void *data);
/* One that waits by the clock of ktime_get_ns(). */
void shim_cond_init(pthread_cond_t *cond);

struct task_struct *shim_current(void);
#define current shim_current()

/* Nobody is killed here, and memory goes with the process. */
static inline int fatal_signal_pending(struct task_struct *task)
{
	(void)task;
	return 0;
}

struct mm_struct {
	atomic_t mm_users;
};

#define mmgrab(mm) ((void)(mm))
#define mmdrop(mm) ((void)(mm))

void set_current_state(int state);
#define __set_current_state(state) set_current_state(state)
#define MAX_SCHEDULE_TIMEOUT	   LONG_MAX
void schedule(void);
/* Jiffies; returns what is left of them. */
long schedule_timeout(long timeout);
void schedule_timeout_uninterruptible(long timeout);
/* 0 when the time has come, else -EINTR. */
int schedule_hrtimeout(ktime_t *until, int mode);
#define HRTIMER_MODE_ABS 0
void usleep_range(unsigned long least, unsigned long most);
int wake_up_process(struct task_struct *task);
#define signal_pending(task) ((task)->signaled)

struct task_struct *shim_kthread_create(int (*run)(void *data), void *data);
#define kthread_create(run, data, ...) shim_kthread_create(run, data)
bool kthread_should_stop(void);
void kthread_stop(struct task_struct *task);
#define kthread_bind(task, cpu)	    ((void)(task), (void)(cpu))
#define set_user_nice(task, nice)   ((void)(task))
#define task_nice(task)		    0
#define task_pid_nr(task)	    0
#define CAP_SYS_NICE		    23
#define capable(capability)	    true
#define nr_cpu_ids		    1U
#define cpu_online(cpu)		    (!(cpu))
#define cpumask_test_cpu(cpu, mask) ((void)(mask), !(cpu))

/* Wait queues */

struct wait_queue_entry;
typedef int (*wait_queue_func_t)(struct wait_queue_entry *wait, unsigned int mode, int flags,
				 void *key);

struct wait_queue_entry {
	void *private;
	wait_queue_func_t func;
	struct list_head entry;
};

struct wait_queue_head {
	spinlock_t lock;
	struct list_head head;
};

typedef struct wait_queue_head wait_queue_head_t;

void init_waitqueue_head(struct wait_queue_head *queue);
bool waitqueue_active(struct wait_queue_head *queue);
int autoremove_wake_function(struct wait_queue_entry *wait, unsigned int mode, int flags,
			     void *key);
void prepare_to_wait(struct wait_queue_head *queue, struct wait_queue_entry *wait, int state);
void finish_wait(struct wait_queue_head *queue, struct wait_queue_entry *wait);
void __add_wait_queue_entry_tail(struct wait_queue_head *queue, struct wait_queue_entry *wait);
void wake_up_locked(struct wait_queue_head *queue);
void wake_up(struct wait_queue_head *queue);
#define wake_up_poll(queue, events) wake_up(queue)

#define DEFINE_WAIT(name)                            \
	struct wait_queue_entry name = {             \
		.private = current,                  \
		.func = autoremove_wake_function,    \
		.entry = LIST_HEAD_INIT(name.entry), \
	}

/* With the lock, which is let go while it waits; jiffies left, 0 for none. */
#define wait_event_lock_irq_timeout(queue, condition, lock, timeout)             \
	({                                                                       \
		long left_ = (timeout);                                          \
		DEFINE_WAIT(wait_);                                              \
		for (;;) {                                                       \
			prepare_to_wait(&(queue), &wait_, TASK_UNINTERRUPTIBLE); \
			if ((condition) || !left_)                               \
				break;                                           \
			spin_unlock_irq(&(lock));                                \
			left_ = schedule_timeout(left_);                         \
			spin_lock_irq(&(lock));                                  \
		}                                                                \
		finish_wait(&(queue), &wait_);                                   \
		(condition) ? (left_ ?: 1) : 0;                                  \
	})
#define wait_event_lock_irq(queue, condition, lock) \
	((void)wait_event_lock_irq_timeout(queue, condition, lock, LONG_MAX))

/* Work: a thread each time, which is rare. */

struct work_struct {
	void (*run)(struct work_struct *work);
	bool pending; /* it is to run; this and the rest: a lock of sync.c */
	bool running;
	u64 due; /* ns */
	unsigned int threads; /* that run it, or are about to */
};

#define INIT_WORK(work, function) (*(work) = (struct work_struct){ .run = (function) })
void schedule_work(struct work_struct *work);
/* It has run, or neither runs nor will, when these return. */
void flush_work(struct work_struct *work);
void cancel_work_sync(struct work_struct *work);

/* Before the next usleep_range() of anybody's, in its thread, once. */
void shim_before_sleep(void (*run)(void *arg), void *arg);

struct delayed_work {
	struct work_struct work;
};

#define INIT_DELAYED_WORK(dw, function) INIT_WORK(&(dw)->work, function)
#define to_delayed_work(w)		container_of(w, struct delayed_work, work)
/* Jiffies from now on. */
void schedule_delayed_work(struct delayed_work *dw, unsigned long delay);
void cancel_delayed_work(struct delayed_work *dw);
#define cancel_delayed_work_sync(dw) cancel_work_sync(&(dw)->work)

#endif
