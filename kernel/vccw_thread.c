// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submission without system calls: rings made with VFIO_CCW_RING_SETUP_THREAD.
 *
 * A kernel thread looks at the SQ tail, and at the subchannels if their status is
 * polled for.  When it has found nothing to do for a while it says so in the flags
 * and sleeps.  Barriers and their pairs:
 *
 *   thread                                 user space
 *   (K) store NEED_WAKEUP                  (L) store SQ tail
 *       full barrier                           full barrier
 *       load SQ tail: nothing? sleep           load flags: NEED_WAKEUP? ENTER
 */
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include "vccw_device.h"

/* Is there something the thread could do? */
static bool vccw_thread_has_work(struct vccw_ring *ring)
{
	return READ_ONCE(*ring->sq_tail) != READ_ONCE(ring->sq_next);
}

/*
 * SQEs that could not be consumed, because the CQ is full or the tail lies, are
 * looked at again so much later; no store of user space's says when.
 */
#define VCCW_THREAD_RETRY	1
/*
 * Subchannels with nothing to do may have status that nobody has asked for.  One who
 * polls looks at them so often while it is busy, always before it sleeps, and so often
 * while it does.
 */
#define VCCW_THREAD_LOOK_NS	NSEC_PER_MSEC
#define VCCW_THREAD_LOOK	(HZ / 10)

/*
 * The flag goes on together with the thread's place on the wait queue, under the
 * queue's lock, so that whoever wakes the thread can take it back: user space calls
 * once, however long the thread takes to run.  Who has come before it was there has
 * left word.
 * @stuck: the SQ tail at which nothing could be consumed.
 * Return: whether somebody wants something; else it is time to look again.
 */
static bool vccw_thread_sleep(struct vccw_ring *ring, u32 stuck)
{
	long timeout = ring->polled ? VCCW_THREAD_LOOK : MAX_SCHEDULE_TIMEOUT;
	struct wait_queue_head *queue = &ring->thread_wait;
	DEFINE_WAIT(wait);

	spin_lock_irq(&queue->lock);
	if (ring->thread_called) {
		ring->thread_called = false;
		spin_unlock_irq(&queue->lock);
		return true;
	}
	__add_wait_queue_entry_tail(queue, &wait);
	WRITE_ONCE(*ring->flags, VFIO_CCW_RING_NEED_WAKEUP);
	set_current_state(TASK_INTERRUPTIBLE);
	spin_unlock_irq(&queue->lock);
	smp_mb();					/* (K) pairs with (L) */
	if (!kthread_should_stop()) {
		if (!vccw_thread_has_work(ring))
			timeout = schedule_timeout(timeout);
		else if (READ_ONCE(*ring->sq_tail) == stuck)
			timeout = schedule_timeout(VCCW_THREAD_RETRY);
	}
	finish_wait(queue, &wait);
	WRITE_ONCE(*ring->flags, 0);
	return timeout;
}

/**
 * vccw_thread_wake - have the thread look again before it sleeps
 * @ring: a ring with a thread
 *
 * For VFIO_CCW_RING_ENTER_WAKEUP, and for who has submitted without the thread what it
 * has to poll for.
 *
 * Context: process context.
 */
void vccw_thread_wake(struct vccw_ring *ring)
{
	spin_lock_irq(&ring->thread_wait.lock);
	if (waitqueue_active(&ring->thread_wait)) {
		WRITE_ONCE(*ring->flags, 0);
		wake_up_locked(&ring->thread_wait);
	} else {
		ring->thread_called = true;
	}
	spin_unlock_irq(&ring->thread_wait.lock);
}

/*
 * Do what there is to do: is there, or will there be, more?
 * @all: look at subchannels that have nothing to do, too.
 * @stuck: receives the SQ tail if nothing could be consumed, else what it cannot be.
 * Why, user space sees when it calls ENTER itself.
 */
static bool vccw_thread_work(struct vccw_ring *ring, bool all, u32 *stuck)
{
	u32 tail = READ_ONCE(*ring->sq_tail);
	bool busy = false;

	*stuck = READ_ONCE(ring->sq_next);
	if (vccw_thread_has_work(ring)) {
		busy = vccw_sq_submit(ring, ring->sq_entries) > 0;
		if (!busy)
			*stuck = tail;
	}
	if (ring->polled) {
		mutex_lock(&ring->submit);
		busy |= vccw_poll_devices(ring, all);
		mutex_unlock(&ring->submit);
	}
	return busy;
}

static int vccw_thread(void *data)
{
	u64 now = ktime_get_ns(), idle_since = now, looked = now;
	struct vccw_ring *ring = data;
	bool all = false, busy, tired;
	u32 stuck;

	while (!kthread_should_stop()) {
		busy = vccw_thread_work(ring, all, &stuck);
		now = ktime_get_ns();
		if (all)
			looked = now;
		if (busy)
			idle_since = now;
		tired = now - idle_since > ring->thread_ns;
		if (tired && all && vccw_thread_sleep(ring, stuck))
			idle_since = ktime_get_ns();
		all = tired || now - looked > VCCW_THREAD_LOOK_NS;
		/* It may be busy for as long as there is a client. */
		cond_resched_tasks_rcu_qs();
		cpu_relax();
	}
	return 0;
}

/**
 * vccw_thread_start - start the thread of a ring
 * @ring: the ring, not known to user space yet
 * @bind: whether it is to run on one CPU alone
 * @cpu: on which
 *
 * Context: process context; sleeps.
 * Return: 0, -EPERM, -EINVAL for a CPU the caller may not use, -ENOMEM, -EINTR.
 */
int vccw_thread_start(struct vccw_ring *ring, bool bind, u32 cpu)
{
	struct task_struct *thread;

	if (!capable(CAP_SYS_NICE))
		return -EPERM;
	if (bind && (cpu >= nr_cpu_ids || !cpu_online(cpu) ||
		     !cpumask_test_cpu(cpu, current->cpus_ptr)))
		return -EINVAL;
	thread = kthread_create(vccw_thread, ring, "vfio-ccw-ring/%d",
				task_pid_nr(current));
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	if (bind)
		kthread_bind(thread, cpu);
	set_user_nice(thread, task_nice(current));
	ring->mm = current->mm;
	mmgrab(ring->mm);
	ring->thread = thread;
	wake_up_process(thread);
	return 0;
}

/**
 * vccw_thread_stop - stop the thread of a ring, if it has one
 * @ring: the ring
 *
 * Context: process context; sleeps.
 */
void vccw_thread_stop(struct vccw_ring *ring)
{
	if (!ring->thread)
		return;
	kthread_stop(ring->thread);
	ring->thread = NULL;
	mmdrop(ring->mm);
}

/**
 * vccw_thread_alone - are we the thread of a ring whose client has ended?
 * @ring: the ring
 *
 * Its memory goes before its files do.
 *
 * Context: process context.
 */
bool vccw_thread_alone(const struct vccw_ring *ring)
{
	return current == ring->thread && !atomic_read(&ring->mm->mm_users);
}
