/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * vfio_ccw_ring.h - rings for I/O subchannels handed out by vfio-ccw
 *
 * A ring takes operation-request blocks (ORBs) from user space and returns
 * interruption-response blocks (IRBs), many at a time, without a system call
 * per request.  It is two queues in memory shared with the driver:
 *
 *   submission queue (SQ)  user writes SQEs and the SQ tail, the driver the
 *                          SQ head
 *   completion queue (CQ)  the driver writes CQEs and the CQ tail, user the
 *                          CQ head
 *
 * Heads and tails are free-running 32-bit counters; an entry's slot is the
 * counter modulo the queue's size, which is a power of two.  The writer of an
 * entry stores it and then the tail with release semantics; its reader loads
 * the tail with acquire semantics, reads the entry and then stores the head
 * with release semantics.
 *
 * Everything user space writes lies in the SQ area, everything the driver
 * writes in the CQ area, which can only be mapped read-only:
 *
 *   SQ area, mmap offset VFIO_CCW_RING_OFF_SQ    sq_tail, cq_head, SQEs
 *   CQ area, mmap offset VFIO_CCW_RING_OFF_CQ    sq_head, cq_tail, flags, CQEs
 *
 * Multi-byte fields of this header are in host byte order.  The ORB and the
 * IRB are byte images as the architecture lays them out (z/Architecture
 * Principles of Operation, chapters 15 and 16), big endian everywhere.
 */
#ifndef _UAPI_LINUX_VFIO_CCW_RING_H
#define _UAPI_LINUX_VFIO_CCW_RING_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * Bytes of an ORB as SSCH takes it, and of an IRB as TSCH stores it.  The last
 * 32 bytes of an IRB, the extended-measurement word, are 0.
 */
#define VFIO_CCW_RING_ORB_SIZE		32
#define VFIO_CCW_RING_IRB_SIZE		96

/*
 * Indices for the VFIO_DEVICE_FEATURE ioctl on a vfio-ccw device.
 *
 * CCW_RING
 * PROBE  says whether the driver has rings.
 * GET    makes a ring with this device attached to it: struct
 *        vfio_ccw_ring_setup, whose first fields are parameters and whose
 *        remaining fields are filled in.
 * SET    attaches this device to an existing ring, or takes it out of its ring:
 *        struct vfio_ccw_ring_attach.
 *
 * CCW_RING_INFO
 * GET    says what the driver can do: struct vfio_ccw_ring_info.  Makes nothing.
 *
 * A device is attached to one ring at a time.  While it is, a start through
 * the device's I/O region fails with -EBUSY.
 *
 * The three structures may grow at the end; &vfio_device_feature.argsz says how long the
 * caller's is, together with the header.  Down to the size published first (else
 * -EINVAL) a shorter one will do, and what it leaves out is as if it were 0.  What a
 * longer one has beyond the driver's own must be 0 where it is read (-E2BIG), and is set
 * to 0 where it is filled in.  No structure is longer than 4096 bytes (-E2BIG).
 */
#define VFIO_DEVICE_FEATURE_CCW_RING		0xcc00
#define VFIO_DEVICE_FEATURE_CCW_RING_INFO	0xcc01

/**
 * struct vfio_ccw_ring_info - what the driver can do, on this machine, for this device
 * @size: bytes of the structure that the driver fills in
 * @abi: VFIO_CCW_RING_ABI of the driver
 * @features: VFIO_CCW_RING_FEAT_*, as in &vfio_ccw_ring_setup.features
 * @opcodes: the opcodes there are: bit 1 << n for number n of &enum vfio_ccw_ring_opcode
 * @setup_flags: VFIO_CCW_RING_SETUP_* that are not refused
 * @sqe_flags: VFIO_CCW_RING_SQE_* that are not refused
 * @enter_flags: VFIO_CCW_RING_ENTER_* that are not refused
 * @uring_flags: VFIO_CCW_RING_URING_* that are not refused, besides those of an SQE
 * @max_sq_entries: largest SQ
 * @max_cq_entries: largest CQ
 * @max_subchannels: most devices attached to one ring
 * @max_time_us: longest &vfio_ccw_ring_setup.poll_us and
 *	&vfio_ccw_ring_setup.thread_idle_us
 * @max_ccws: most CCWs in a channel program
 * @max_parts: most parts in a channel program: it begins with one, and each TIC that
 *	leads out of all of them makes another
 * @max_pages: most pages of the client that are pinned for this device at a time, and so
 *	most that one program uses; RLIMIT_MEMLOCK may allow fewer
 * @reserved: 0
 *
 * All is filled in by the driver.  What an older driver than the caller does not fill in
 * is 0.
 */
struct vfio_ccw_ring_info {
	__u32 size;
	__u32 abi;
	__aligned_u64 features;
	__aligned_u64 opcodes;
	__u32 setup_flags;
	__u32 sqe_flags;
	__u32 enter_flags;
	__u32 uring_flags;
	__u32 max_sq_entries;
	__u32 max_cq_entries;
	__u32 max_subchannels;
	__u32 max_time_us;
	__u32 max_ccws;
	__u32 max_parts;
	__u32 max_pages;
	__u32 reserved;
};

#define VFIO_CCW_RING_INFO_SIZE_VER0	72

/*
 * Level of this header.  It goes up with what is added that none of the other fields of
 * &struct vfio_ccw_ring_info shows; nothing is taken away.
 */
#define VFIO_CCW_RING_ABI		1

/**
 * struct vfio_ccw_ring_setup - parameters and layout of a new ring
 * @flags: in, VFIO_CCW_RING_SETUP_*
 * @sq_entries: in, wanted size of the SQ, 1..VFIO_CCW_RING_MAX_ENTRIES;
 *	out, rounded up to a power of two
 * @cq_entries: in, wanted size of the CQ, 0 for twice the SQ, else at least
 *	@sq_entries and at most twice VFIO_CCW_RING_MAX_ENTRIES; out, rounded
 *	up to a power of two
 * @ring_fd: out, file descriptor of the ring (close-on-exec)
 * @subchannel: out, index of this device in the ring, for
 *	&vfio_ccw_ring_sqe.subchannel
 * @thread_cpu: in, with VFIO_CCW_RING_SETUP_THREAD_CPU, else 0
 * @features: out, VFIO_CCW_RING_FEAT_* bits this driver has
 * @sq_bytes: out, size of the SQ area to map
 * @cq_bytes: out, size of the CQ area to map
 * @off_sq_tail: out, offset of the u32 SQ tail in the SQ area
 * @off_cq_head: out, offset of the u32 CQ head in the SQ area
 * @off_sqes: out, offset of the SQEs in the SQ area
 * @off_sq_head: out, offset of the u32 SQ head in the CQ area
 * @off_cq_tail: out, offset of the u32 CQ tail in the CQ area
 * @off_cqes: out, offset of the CQEs in the CQ area
 * @off_flags: out, offset of the u32 flags in the CQ area, VFIO_CCW_RING_NEED_*
 * @thread_idle_us: in, with VFIO_CCW_RING_SETUP_THREAD: for how long the thread
 *	looks for SQEs in vain before it sleeps, 0 for a default; else 0
 * @poll_us: in, with VFIO_CCW_RING_SETUP_POLL: for how long a waiter polls without
 *	a pause, 0 for a default; else 0
 * @reserved1: must be 0
 * @reserved: must be 0
 */
struct vfio_ccw_ring_setup {
	__u32 flags;
	__u32 sq_entries;
	__u32 cq_entries;
	__s32 ring_fd;
	__u32 subchannel;
	__u32 thread_cpu;
	__aligned_u64 features;
	__u32 sq_bytes;
	__u32 cq_bytes;
	__u32 off_sq_tail;
	__u32 off_cq_head;
	__u32 off_sqes;
	__u32 off_sq_head;
	__u32 off_cq_tail;
	__u32 off_cqes;
	__u32 off_flags;
	__u32 thread_idle_us;
	__u32 poll_us;
	__u32 reserved1;
	__aligned_u64 reserved[2];
};

#define VFIO_CCW_RING_SETUP_SIZE_VER0	96

/* Limits of level 1; &struct vfio_ccw_ring_info has those of the driver. */
#define VFIO_CCW_RING_MAX_ENTRIES	256
/* Subchannels one ring can have attached at a time. */
#define VFIO_CCW_RING_MAX_SUBCHANNELS	256

/*
 * &vfio_ccw_ring_setup.flags; one that &vfio_ccw_ring_info.setup_flags does not have is
 * refused: -EOPNOTSUPP if the driver knows it, -EINVAL if not.
 *
 * POLL: completions are polled for.  The subchannels of the ring do not interrupt;
 * VFIO_CCW_RING_ENTER with a min_complete takes their status, and whoever only
 * looks at the CQ sees nothing new.  What has ended without it, and status nobody
 * asked for, is found by the next one.
 * THREAD: a kernel thread consumes SQEs as it sees the SQ tail move, so that a
 * program that is busy makes no system call; with POLL it takes status, too.  It
 * sleeps when there is nothing to do, see VFIO_CCW_RING_NEED_WAKEUP.  Needs
 * CAP_SYS_NICE (-EPERM).
 * THREAD_CPU: the thread runs on that CPU alone.
 */
#define VFIO_CCW_RING_SETUP_POLL	(1U << 0)
#define VFIO_CCW_RING_SETUP_THREAD	(1U << 1)
#define VFIO_CCW_RING_SETUP_THREAD_CPU	(1U << 2)

/*
 * &vfio_ccw_ring_setup.features, &vfio_ccw_ring_info.features: POLL and THREAD for the
 * setup flags of these names, URING for the commands of IORING_OP_URING_CMD.
 */
#define VFIO_CCW_RING_FEAT_POLL		(1ULL << 0)
#define VFIO_CCW_RING_FEAT_THREAD	(1ULL << 1)
#define VFIO_CCW_RING_FEAT_URING	(1ULL << 2)

/*
 * The flags in the CQ area.
 *
 * NEED_WAKEUP: the ring's thread sleeps, or is about to.  After storing the SQ
 * tail user space executes a full barrier, loads the flags and, if this one is on,
 * calls VFIO_CCW_RING_ENTER with VFIO_CCW_RING_ENTER_WAKEUP.
 */
#define VFIO_CCW_RING_NEED_WAKEUP	(1U << 0)

/**
 * struct vfio_ccw_ring_attach - attach a device to an existing ring, or detach it
 * @ring_fd: in, the ring; -1 to take the device out of the one it is attached to
 * @flags: in, must be 0
 * @subchannel: out, index of this device in that ring; with -1 that it had
 * @reserved: must be 0
 *
 * A device is attached and detached while others of the ring are busy.  A device
 * that is detached has its requests ended first (_R_CLOSED); their CQEs are
 * there on return, and its index may be given to another device.  -ENOTCONN if it
 * is attached to none.
 */
struct vfio_ccw_ring_attach {
	__s32 ring_fd;
	__u32 flags;
	__u32 subchannel;
	__u32 reserved;
};

#define VFIO_CCW_RING_ATTACH_SIZE_VER0	16

/* mmap offsets on the ring file descriptor. */
#define VFIO_CCW_RING_OFF_SQ		0ULL
#define VFIO_CCW_RING_OFF_CQ		0x10000000ULL

/**
 * enum vfio_ccw_ring_opcode - what a submission asks for
 * @VFIO_CCW_RING_OP_NOP: complete at once, touch nothing
 * @VFIO_CCW_RING_OP_START: START SUBCHANNEL with the ORB of the SQE
 * @VFIO_CCW_RING_OP_HALT: HALT SUBCHANNEL; overtakes queued starts
 * @VFIO_CCW_RING_OP_CLEAR: CLEAR SUBCHANNEL; overtakes queued starts
 * @VFIO_CCW_RING_OP_CANCEL: take back one start that has not begun: a queued one,
 *	or by CANCEL SUBCHANNEL (XSCH) the one the subchannel has accepted; done
 *	when its CQE is there
 * @VFIO_CCW_RING_OP_RESUME: RESUME SUBCHANNEL (RSCH); done when its CQE is there.
 *	Programs that suspend are refused, so there is none to resume.
 */
enum vfio_ccw_ring_opcode {
	VFIO_CCW_RING_OP_NOP = 0,
	VFIO_CCW_RING_OP_START = 1,
	VFIO_CCW_RING_OP_HALT = 2,
	VFIO_CCW_RING_OP_CLEAR = 3,
	VFIO_CCW_RING_OP_CANCEL = 4,
	VFIO_CCW_RING_OP_RESUME = 5,
};

/*
 * &vfio_ccw_ring_sqe.flags
 *
 * RECOVER: start although an earlier start of this subchannel has failed, or fails while
 * this one is queued behind it, and its CQE has not been consumed.  Without it such a
 * start completes with -ECANCELED (VFIO_CCW_RING_R_HELD), so that sense data are not
 * destroyed by requests that were submitted in ignorance of the failure.
 */
#define VFIO_CCW_RING_SQE_RECOVER	(1U << 0)

/**
 * struct vfio_ccw_ring_sqe - submission queue entry
 * @opcode: enum vfio_ccw_ring_opcode
 * @flags: VFIO_CCW_RING_SQE_*
 * @subchannel: index of the subchannel in the ring, with every opcode
 * @reserved0: must be 0
 * @user_data: returned in each CQE of this request
 * @orb: START: the ORB, see below.  Other opcodes: must be 0.
 * @target: CANCEL: user data of the start to take back; of several the oldest
 *	that has not begun.  Other opcodes: must be 0.
 * @reserved: must be 0
 *
 * The driver reads an SQE once, before the SQ head passes it; ORB and channel
 * program must stay as they are until the head has passed, data areas until
 * the request's terminal CQE.
 *
 * Every bit of the ORB is carried out, or the start is refused with a reason of its own:
 *
 *   word 0, interruption parameter   must be 0
 *   word 1, key                      carried out; 0 stores anywhere
 *   suspend control (S)              refused
 *   streaming mode (C), modification (M), synchronization (Y), initial-status
 *   interruption (I), suppress-suspended interruption (U, without meaning where
 *   nothing suspends), incorrect-length suppression (L)
 *                                    as START SUBCHANNEL takes them
 *   CCW format (F), IDAW format (H), IDAW block size (T)
 *                                    how the driver reads the program
 *   prefetch (P)                     must be 1: the driver always reads all of the
 *                                    program before the start
 *   address-limit checking (A)       refused
 *   transport mode (B), modified indirect addressing (D), extension (X)
 *                                    refused
 *   logical-path mask                carried out; 0 for every path there is
 *   reserved bits                    must be 0
 *   word 2, channel-program address  an IOVA, as is every address in the program
 *   words 3 to 7, extension          must be 0
 */
struct vfio_ccw_ring_sqe {
	__u8 opcode;
	__u8 flags;
	__u16 subchannel;
	__u32 reserved0;
	__aligned_u64 user_data;
	__u8 orb[VFIO_CCW_RING_ORB_SIZE] __attribute__((aligned(8)));
	__aligned_u64 target;
	__aligned_u64 reserved;
};

/*
 * &vfio_ccw_ring_cqe.flags
 *
 * MORE: status of a request that goes on; its terminal CQE is still to come.
 * IRB: the IRB field holds an IRB.
 * UNSOLICITED: status no request asked for; user_data is 0.
 * MERGED: the CQ had no room for earlier status of this kind; what it said is
 *	merged into this IRB as the subchannel itself merges status that is
 *	not cleared in time.
 * GOOD: a start ended with channel end and device end together and nothing else;
 *	the other flags are IRB alone, res and reason are 0.  All such have it.
 */
#define VFIO_CCW_RING_CQE_MORE		(1U << 0)
#define VFIO_CCW_RING_CQE_IRB		(1U << 1)
#define VFIO_CCW_RING_CQE_UNSOLICITED	(1U << 2)
#define VFIO_CCW_RING_CQE_MERGED	(1U << 3)
#define VFIO_CCW_RING_CQE_GOOD		(1U << 4)

/**
 * struct vfio_ccw_ring_cqe - completion queue entry
 * @user_data: of the SQE
 * @res: 0 when the request was carried out (what became of it is in the IRB),
 *	else -errno: it was refused or taken back, and @reason says why
 * @flags: VFIO_CCW_RING_CQE_*
 * @subchannel: index of the subchannel in the ring
 * @tod: TOD clock when the status was taken from the subchannel (the STCKF
 *	format: 4096 units are one microsecond)
 * @reason: enum vfio_ccw_ring_reason
 * @ccw_index: number of the CCW at fault, counted from 0 in the order in which
 *	the driver reads the program; only with a reason that names a CCW
 * @ccw_addr: IOVA of that CCW
 * @irb: the IRB; the channel-program address in its SCSW is an IOVA again
 *
 * Each SQE the driver consumes is answered by exactly one CQE without
 * VFIO_CCW_RING_CQE_MORE, whose slot was set aside when the SQE was consumed.
 *
 * A start has failed if its status is not exactly channel end and device end,
 * in one or several parts, with no subchannel status but program-controlled
 * interruption.  Starts of its subchannel that are queued behind it complete with
 * VFIO_CCW_RING_R_HELD, up to one with VFIO_CCW_RING_SQE_RECOVER, which is carried out
 * with what is behind it.  Those that are submitted later are held, too, until the
 * CQ head has passed the failure, or one with VFIO_CCW_RING_SQE_RECOVER comes.
 * Unsolicited status with unit check holds starts in the same way, until the CQ head has
 * passed its CQE, which may be posted later if the CQ is full.  A start
 * that was refused (@res is not 0 and there is no IRB), or that was ended by a
 * HALT or CLEAR of the client without unit check, holds nothing.
 * When the task that submits is being killed, a refused one holds others, too:
 * it may be for that, and nobody would know what was left out.
 *
 * A start that the driver itself has ended after it was issued (_R_PATH_LOST,
 * _R_UNMAPPED, _R_CLOSED, _R_RESET, _R_CANCELED, _R_NOT_OPERATIONAL, _R_GONE) comes with
 * an IRB made by the driver: alert, primary and secondary status with an
 * interface-control check, or a program check if memory has gone.  Only the first of
 * these holds others.
 */
struct vfio_ccw_ring_cqe {
	__aligned_u64 user_data;
	__s32 res;
	__u16 flags;
	__u16 subchannel;
	__aligned_u64 tod;
	__u16 reason;
	__u16 ccw_index;
	__u32 ccw_addr;
	__u8 irb[VFIO_CCW_RING_IRB_SIZE] __attribute__((aligned(8)));
};

/**
 * enum vfio_ccw_ring_reason - why a request was refused or taken back
 * @VFIO_CCW_RING_R_NONE: it was not
 *
 * Each has one error, and is permanent (P) or transient (T).  A permanent one is of the
 * request: the same one gets the same answer, as long as the memory that is mapped and the
 * device's place in the ring are the same.  A transient one is of the moment: the same
 * request may be carried out if it is submitted again, at once or after what is said
 * here.
 *
 * The SQE:
 * @VFIO_CCW_RING_R_OPCODE: unknown opcode (-EOPNOTSUPP, P)
 * @VFIO_CCW_RING_R_SQE_FLAGS: unknown SQE flag (-EINVAL, P)
 * @VFIO_CCW_RING_R_SQE_RESERVED: a reserved SQE field is not 0 (-EINVAL, P)
 * @VFIO_CCW_RING_R_SUBCHANNEL: no subchannel with that index (-ENXIO, P)
 *
 * The ORB:
 * @VFIO_CCW_RING_R_ORB_TRANSPORT: transport mode (-EOPNOTSUPP, P)
 * @VFIO_CCW_RING_R_ORB_MIDAW: modified CCW indirect addressing (-EOPNOTSUPP, P)
 * @VFIO_CCW_RING_R_ORB_CPA: channel-program address not on a doubleword
 *	boundary or over 31 bits (-EINVAL, P)
 * @VFIO_CCW_RING_R_ORB_RESERVED: a bit that must be zero is one, or START
 *	SUBCHANNEL finds an operand exception (-EINVAL, P)
 * @VFIO_CCW_RING_R_ORB_INTPARM: interruption parameter, which is not returned: use
 *	&vfio_ccw_ring_sqe.user_data (-EINVAL, P)
 * @VFIO_CCW_RING_R_ORB_SUSPEND: suspend control (-EOPNOTSUPP, P)
 * @VFIO_CCW_RING_R_ORB_ADDR_LIMIT: address-limit checking (-EOPNOTSUPP, P)
 * @VFIO_CCW_RING_R_ORB_EXTENSION: ORB extension: its bit, or anything in the last 20
 *	bytes (-EOPNOTSUPP, P)
 * @VFIO_CCW_RING_R_ORB_PREFETCH: prefetch not allowed (-EOPNOTSUPP, P)
 *
 * The channel program; ccw_index and ccw_addr name the first CCW that is wrong, and
 * the reason is any one of those that hold for it:
 * @VFIO_CCW_RING_R_CCW_UNMAPPED: the CCW is not in mapped memory (-EFAULT, P)
 * @VFIO_CCW_RING_R_CCW_TOO_MANY: the program is longer than the driver takes,
 *	or has no end; the CCW is the last one read (-E2BIG, P)
 * @VFIO_CCW_RING_R_CCW_TIC_FIRST: the program begins with a TIC (-EINVAL, P)
 * @VFIO_CCW_RING_R_CCW_TIC_TIC: a TIC that another TIC leads to (-ELOOP, P)
 * @VFIO_CCW_RING_R_CCW_TIC_ADDR: TIC to an address not on a doubleword
 *	boundary or over 31 bits (-EINVAL, P)
 * @VFIO_CCW_RING_R_CCW_FORMAT: a bit that must be zero is one, or the format
 *	does not know the command code (-EINVAL, P)
 * @VFIO_CCW_RING_R_CCW_SUSPEND: suspend flag (-EOPNOTSUPP, P)
 * @VFIO_CCW_RING_R_CCW_COUNT: count 0 where the format forbids it (-EINVAL, P)
 * @VFIO_CCW_RING_R_DATA_UNMAPPED: the data area is not in mapped memory, or
 *	not writable by the device (-EFAULT, P)
 * @VFIO_CCW_RING_R_IDAL_ALIGN: IDAW list not on the boundary its format asks
 *	for (-EINVAL, P)
 * @VFIO_CCW_RING_R_IDAL_UNMAPPED: IDAW list not in mapped memory (-EFAULT, P)
 * @VFIO_CCW_RING_R_IDAW_ALIGN: an IDAW other than the first is not on a block
 *	boundary (-EINVAL, P)
 * @VFIO_CCW_RING_R_IDAW_FORMAT: a format-1 IDAW with its first bit one
 *	(-EINVAL, P)
 * @VFIO_CCW_RING_R_PIN_LIMIT: the program needs more pages than the driver's
 *	limit or RLIMIT_MEMLOCK allows (-ENOMEM, P)
 * @VFIO_CCW_RING_R_PAGE_BUSY: a page cannot be used just now (-EBUSY, T): a start
 *	under way uses the page that was there before the client discarded it,
 *	the page is being unmapped, or starts under way use all the pages that
 *	may be pinned.  Submit the start again when others have completed.
 * @VFIO_CCW_RING_R_NO_MEMORY: no kernel memory for the program just now (-ENOMEM, T)
 *
 * The subchannel:
 * @VFIO_CCW_RING_R_HELD: behind a start that failed (-ECANCELED, T): when its CQE
 *	has been consumed, or with VFIO_CCW_RING_SQE_RECOVER
 * @VFIO_CCW_RING_R_FLUSHED: a HALT or CLEAR of the client found the start in the
 *	queue; it was never issued (-ECANCELED, T)
 * @VFIO_CCW_RING_R_BUSY: condition code 2; CANCEL: the start has begun, or has
 *	ended and its status is pending (-EBUSY, T)
 * @VFIO_CCW_RING_R_NOT_OPERATIONAL: condition code 3: no channel path to the device is
 *	there, or may be used; or the device answers neither HALT nor CLEAR and the
 *	subchannel has been disabled, until the device is reset (-ENODEV, T)
 * @VFIO_CCW_RING_R_CLOSED: the device or the ring is being closed, or the device taken
 *	out of it, or the system goes down (-ECANCELED, P)
 * @VFIO_CCW_RING_R_UNMAPPED: memory of the program was unmapped while the
 *	request was under way (-ECANCELED, P)
 * @VFIO_CCW_RING_R_PATH_LOST: the channel path it was under way on has gone
 *	(-ECANCELED, T)
 * @VFIO_CCW_RING_R_CANCELED: taken back by a CANCEL, or because the io_uring it came
 *	through or its task goes away (-ECANCELED, T)
 * @VFIO_CCW_RING_R_NO_START: CANCEL: there is no such start (-ENOENT, P)
 * @VFIO_CCW_RING_R_NOT_SUSPENDED: RESUME: no program is suspended (-EINVAL, P)
 * @VFIO_CCW_RING_R_GONE: the device is gone for good, or the system goes down
 *	(-ENODEV, P)
 * @VFIO_CCW_RING_R_RESET: the device was reset (-ECANCELED, T)
 */
enum vfio_ccw_ring_reason {
	VFIO_CCW_RING_R_NONE = 0,

	VFIO_CCW_RING_R_OPCODE = 1,
	VFIO_CCW_RING_R_SQE_FLAGS = 2,
	VFIO_CCW_RING_R_SQE_RESERVED = 3,
	VFIO_CCW_RING_R_SUBCHANNEL = 4,

	VFIO_CCW_RING_R_ORB_TRANSPORT = 16,
	VFIO_CCW_RING_R_ORB_MIDAW = 17,
	VFIO_CCW_RING_R_ORB_CPA = 18,
	VFIO_CCW_RING_R_ORB_RESERVED = 19,
	VFIO_CCW_RING_R_ORB_INTPARM = 20,
	VFIO_CCW_RING_R_ORB_SUSPEND = 21,
	VFIO_CCW_RING_R_ORB_ADDR_LIMIT = 22,
	VFIO_CCW_RING_R_ORB_EXTENSION = 23,
	VFIO_CCW_RING_R_ORB_PREFETCH = 24,

	VFIO_CCW_RING_R_CCW_UNMAPPED = 32,
	VFIO_CCW_RING_R_CCW_TOO_MANY = 33,
	VFIO_CCW_RING_R_CCW_TIC_FIRST = 34,
	VFIO_CCW_RING_R_CCW_TIC_TIC = 35,
	VFIO_CCW_RING_R_CCW_TIC_ADDR = 36,
	VFIO_CCW_RING_R_CCW_FORMAT = 37,
	VFIO_CCW_RING_R_CCW_SUSPEND = 38,
	VFIO_CCW_RING_R_CCW_COUNT = 39,
	VFIO_CCW_RING_R_DATA_UNMAPPED = 40,
	VFIO_CCW_RING_R_IDAL_ALIGN = 41,
	VFIO_CCW_RING_R_IDAL_UNMAPPED = 42,
	VFIO_CCW_RING_R_IDAW_ALIGN = 43,
	VFIO_CCW_RING_R_IDAW_FORMAT = 44,
	VFIO_CCW_RING_R_PIN_LIMIT = 45,
	VFIO_CCW_RING_R_NO_MEMORY = 46,
	VFIO_CCW_RING_R_PAGE_BUSY = 47,

	VFIO_CCW_RING_R_HELD = 64,
	VFIO_CCW_RING_R_FLUSHED = 65,
	VFIO_CCW_RING_R_BUSY = 66,
	VFIO_CCW_RING_R_NOT_OPERATIONAL = 67,
	VFIO_CCW_RING_R_CLOSED = 68,
	VFIO_CCW_RING_R_UNMAPPED = 69,
	VFIO_CCW_RING_R_PATH_LOST = 70,
	VFIO_CCW_RING_R_CANCELED = 71,
	VFIO_CCW_RING_R_NO_START = 72,
	VFIO_CCW_RING_R_NOT_SUSPENDED = 73,
	VFIO_CCW_RING_R_GONE = 74,
	VFIO_CCW_RING_R_RESET = 75,
};

/**
 * struct vfio_ccw_ring_enter - argument of VFIO_CCW_RING_ENTER
 * @size: bytes of the structure, VFIO_CCW_RING_ENTER_SIZE_VER0 or more
 * @to_submit: consume up to this many SQEs
 * @min_complete: then wait until the CQ holds at least this many CQEs; no more than
 *	it can hold are waited for
 * @flags: VFIO_CCW_RING_ENTER_*
 * @timeout_ns: with VFIO_CCW_RING_ENTER_TIMEOUT, wait no longer than this; else 0
 *
 * It may grow at the end.  What a caller's @size leaves out is as if it were 0; what is
 * beyond the driver's own must be 0 (-E2BIG).
 */
struct vfio_ccw_ring_enter {
	__u32 size;
	__u32 to_submit;
	__u32 min_complete;
	__u32 flags;
	__aligned_u64 timeout_ns;
};

#define VFIO_CCW_RING_ENTER_SIZE_VER0	24

/*
 * &vfio_ccw_ring_enter.flags
 *
 * TIMEOUT: @timeout_ns counts.
 * WAKEUP: wake the ring's thread; needs VFIO_CCW_RING_SETUP_THREAD.
 */
#define VFIO_CCW_RING_ENTER_TIMEOUT	(1U << 0)
#define VFIO_CCW_RING_ENTER_WAKEUP	(1U << 1)

/*
 * VFIO_CCW_RING_ENTER - submit a batch and wait, on the ring file descriptor
 *
 * Return: the number of SQEs consumed, if there were any, whatever has ended the wait:
 * how far that came the CQ tells.  If none was consumed, 0, or -1 and errno:
 *   EINVAL     unknown flag, a size that is too small, or a field that must be 0
 *   E2BIG      bytes beyond the structure that the driver knows are not 0
 *   EFAULT     the argument cannot be read
 *   EOVERFLOW  the SQ tail is ahead of the SQ head by more than the SQ holds
 *   ERANGE     the CQ head is not between its last value and the CQ tail
 *   EBUSY      SQEs are waiting, and none could be consumed: all slots of the
 *              CQ hold CQEs or are set aside for requests under way; consume
 *              CQEs, or wait for some with @to_submit 0, and try again
 *   ETIME      fewer than @min_complete CQEs within the time given
 *   EINTR      a signal came first, or work that an io_uring has for the task
 */
#define VFIO_CCW_RING_MAGIC		0xcc
#define VFIO_CCW_RING_ENTER		_IO(VFIO_CCW_RING_MAGIC, 0)

/*
 * VFIO_CCW_RING_SUBMIT - submit a batch, on the ring file descriptor
 *
 * The argument is not a pointer but the number of SQEs to consume at most, a u32:
 * ENTER with nothing but a to_submit, for those who look for completions in the CQ.
 *
 * Return: as VFIO_CCW_RING_ENTER.
 */
#define VFIO_CCW_RING_SUBMIT		_IO(VFIO_CCW_RING_MAGIC, 1)

/*
 * IORING_OP_URING_CMD on the ring file descriptor; &io_uring_sqe.cmd_op says which
 * of the following, and its command area holds the structure, which is as large as
 * that area and grows by its reserved fields, which are refused (-EINVAL) unless they
 * are 0.  On a ring that polls both fail with -EOPNOTSUPP, with another cmd_op -ENOTTY.
 * What is not said of &io_uring_cqe.big_cqe below is 0.
 */

/**
 * struct vfio_ccw_ring_uring_request - argument of VFIO_CCW_RING_URING_REQUEST
 * @opcode: enum vfio_ccw_ring_opcode
 * @flags: VFIO_CCW_RING_SQE_*, VFIO_CCW_RING_URING_*
 * @subchannel: as &vfio_ccw_ring_sqe.subchannel
 * @reserved0: must be 0
 * @irb: where in user memory the IRB goes, VFIO_CCW_RING_IRB_SIZE bytes; 0 for
 *	nowhere
 * @orb: as &vfio_ccw_ring_sqe.orb
 * @target: CANCEL: &io_uring_sqe.user_data of the start to take back
 * @reserved: must be 0
 *
 * One request without an SQE and a CQE of this ring.  Its completion is that of
 * the io_uring, which needs IORING_SETUP_SQE128 (else -EMSGSIZE) and
 * IORING_SETUP_CQE32 (else -EOVERFLOW).  In &io_uring_cqe.res and the first of
 * &io_uring_cqe.big_cqe are
 *
 *   res >= 0  a good end: channel end and device end, and of the subchannel nothing
 *             but program-controlled interruption; or HALT or CLEAR was carried
 *             out: second word of the SCSW, its channel-program address, which is
 *             an IOVA; and the first word (high) with the third (low).  All are 0
 *             for an opcode that has no status.
 *   -EIO      any other end of a start: the first word with the third.  The second
 *             is in the IRB.
 *   res < 0   as &vfio_ccw_ring_cqe.res: refused or taken back; and @ccw_addr (high),
 *             @ccw_index (next 16 bits) and @reason (lowest) of that structure.
 *             -EFAULT with reason 0: @irb cannot be written.
 *
 * The IRB is stored when there is one, also with the last of these.
 *
 * There is one completion for a request: status before its end is merged into that
 * of the end.  Requests under way have a slot of the CQ set aside; -EBUSY with
 * reason 0 if there is none.  When the io_uring or its task goes away, those under
 * way are cancelled.
 *
 * A failed start holds what is queued behind it, as with SQEs of this ring, but what
 * is submitted afterwards is not held: io_uring does not say what its user has seen.
 * What must not start without success is linked to it with IOSQE_IO_LINK.
 * Status that nobody asked for comes as a CQE of the ring, whose slot is in use until
 * that is consumed.
 */
struct vfio_ccw_ring_uring_request {
	__u8 opcode;
	__u8 flags;
	__u16 subchannel;
	__u32 reserved0;
	__aligned_u64 irb;
	__u8 orb[VFIO_CCW_RING_ORB_SIZE] __attribute__((aligned(8)));
	__aligned_u64 target;
	__aligned_u64 reserved[3];
};

/*
 * &vfio_ccw_ring_uring_request.flags, besides VFIO_CCW_RING_SQE_*
 *
 * BRIEF: no IRB for a start that ends well; the SCSW has said it all.
 */
#define VFIO_CCW_RING_URING_BRIEF	(1U << 7)

/**
 * struct vfio_ccw_ring_uring_enter - argument of VFIO_CCW_RING_URING_ENTER
 * @to_submit: consume up to this many SQEs of this ring
 * @min_complete: complete when its CQ holds at least this many CQEs
 * @reserved: must be 0
 *
 * A doorbell in an io_uring: as VFIO_CCW_RING_ENTER with the same fields.  Any
 * io_uring will do.  &io_uring_cqe.res is the number of SQEs consumed, or -errno if
 * there were none: of those above, or -ECANCELED when the wait was cut short because the
 * io_uring or its task goes away.
 */
struct vfio_ccw_ring_uring_enter {
	__u32 to_submit;
	__u32 min_complete;
	__aligned_u64 reserved;
};

#define VFIO_CCW_RING_URING_REQUEST	_IO(VFIO_CCW_RING_MAGIC, 2)
#define VFIO_CCW_RING_URING_ENTER	_IO(VFIO_CCW_RING_MAGIC, 3)

#endif /* _UAPI_LINUX_VFIO_CCW_RING_H */
