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
#include <linux/sched.h>
#include "vccw_device.h"

/* Is there something the thread could do? */
static bool vccw_thread_has_work(struct vccw_ring *ring)
{
	return READ_ONCE(*ring->sq_tail) != READ_ONCE(ring->sq_next);
}

/*
 * The flag is on only while the thread is on the wait queue, and both change under
 * the queue's lock, so that whoever wakes the thread can take the flag back: user
 * space calls once, however long the thread takes to run.
 */
static void vccw_thread_sleep(struct vccw_ring *ring)
{
	struct wait_queue_head *queue = &ring->thread_wait;
	DEFINE_WAIT(wait);

	spin_lock_irq(&queue->lock);
	__add_wait_queue_entry_tail(queue, &wait);
	WRITE_ONCE(*ring->flags, VFIO_CCW_RING_NEED_WAKEUP);
	set_current_state(TASK_INTERRUPTIBLE);
	spin_unlock_irq(&queue->lock);
	smp_mb();					/* (K) pairs with (L) */
	if (!vccw_thread_has_work(ring) && !kthread_should_stop())
		schedule();
	finish_wait(queue, &wait);
	WRITE_ONCE(*ring->flags, 0);
}

/**
 * vccw_thread_wake - the VFIO_CCW_RING_ENTER_WAKEUP of ENTER
 * @ring: a ring with a thread
 *
 * Context: process context.
 */
void vccw_thread_wake(struct vccw_ring *ring)
{
	spin_lock_irq(&ring->thread_wait.lock);
	if (waitqueue_active(&ring->thread_wait)) {
		WRITE_ONCE(*ring->flags, 0);
		wake_up_locked(&ring->thread_wait);
	}
	spin_unlock_irq(&ring->thread_wait.lock);
}

/* Do what there is to do: is there, or will there be, more? */
static bool vccw_thread_work(struct vccw_ring *ring)
{
	bool busy = false;

	/* An error is user space's to see, when it calls ENTER itself. */
	if (vccw_thread_has_work(ring))
		busy = vccw_sq_submit(ring, ring->sq_entries) > 0;
	if (ring->polled) {
		mutex_lock(&ring->submit);
		busy |= vccw_poll_devices(ring, false);
		mutex_unlock(&ring->submit);
	}
	return busy;
}

static int vccw_thread(void *data)
{
	struct vccw_ring *ring = data;
	u64 idle_since = ktime_get_ns();

	while (!kthread_should_stop()) {
		if (vccw_thread_work(ring)) {
			idle_since = ktime_get_ns();
		} else if (ktime_get_ns() - idle_since > ring->thread_ns) {
			vccw_thread_sleep(ring);
			idle_since = ktime_get_ns();
		}
		cond_resched();
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
}
