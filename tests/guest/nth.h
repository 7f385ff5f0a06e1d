/* SPDX-License-Identifier: MIT */
/* One allocation, or access to memory of the caller's, fails: the first, the second, ... */
#ifndef CCWRING_TESTS_NTH_H
#define CCWRING_TESTS_NTH_H

/**
 * struct t_attempt - what is attempted until nothing fails in it
 * @name: in words
 * @before: what an attempt stands on, may be NULL
 * @make: the attempt: 0 or -errno, after which nothing is left of it
 * @after: takes back what an attempt has made; called when @make gave 0
 * @still_good: sees that the device works, after each attempt; may be NULL
 * @also: an -errno that is as good as -ENOMEM, or 0
 *
 * Failures happen in @make only.
 */
struct t_attempt {
	const char *name;
	void (*before)(void);
	int (*make)(void);
	void (*after)(void);
	void (*still_good)(void);
	int also;
};

/*
 * Checks that each attempt gives 0, -ENOMEM or -EFAULT, and the last one 0.
 * Return: how many failures there were.
 */
int t_fail_each(const struct t_attempt *attempt);

#endif
