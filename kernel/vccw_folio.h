/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does a client still have the memory that was pinned for it?
 *
 * VFIO tells its devices of memory that is unmapped from an IOVA, but not of memory
 * that its owner discards under one (MADV_DONTNEED, a balloon, a hole punched into a
 * file): a pin then keeps a page that nobody sees any more.  What says so depends on
 * the kind of memory, all of it pinned long-term and for writing:
 *
 *   anonymous   The pin made the page exclusive to one address space.  fork() copies
 *               it, reclaim, migration and KSM leave it where it is: it is mapped
 *               until its owner discards it.
 *   of a file   The page is the file's until it is truncated or a hole is punched
 *               (tmpfs, memfd, hugetlbfs), whoever maps it just now.
 *   of a        Neither: as long as somebody maps it.
 *   driver
 *
 * Pages of a large folio are mapped and discarded one by one, and a kernel need not
 * count that for each.  A folio that is mapped as a whole has lost none.  Where it is
 * mapped page by page, any that is discarded changes how many are: that number is
 * compared with what it was when the page was known to be the client's.
 * docs/architecture.md has what that cannot see.
 */
#ifndef VCCW_FOLIO_H
#define VCCW_FOLIO_H

#include <linux/mm.h>
#include <linux/pagemap.h>

/* Is it a page of a file, and has not been taken out of it? */
static inline bool vccw_folio_in_file(struct folio *folio)
{
	return !folio_test_anon(folio) && folio_mapping(folio);
}

/*
 * What is to be compared: 0 for a folio of one page, VCCW_FOLIO_WHOLE for a large one
 * that is mapped as a whole, else more than that.
 */
#define VCCW_FOLIO_WHOLE	1u

static inline u32 vccw_folio_state(struct folio *folio)
{
	if (!folio_test_large(folio))
		return 0;
	if (folio_entire_mapcount(folio))
		return VCCW_FOLIO_WHOLE;
	return VCCW_FOLIO_WHOLE + 1 + folio_mapcount(folio);
}

/* Is every page of it mapped?  Not those of a large folio that may have lost some. */
static inline bool vccw_folio_complete(struct folio *folio)
{
	if (vccw_folio_in_file(folio))
		return true;
	if (!folio_test_large(folio))
		return folio_mapped(folio);
	return folio_entire_mapcount(folio) ||
	       folio_mapcount(folio) == folio_nr_pages(folio);
}

/*
 * Has it all the pages that it had when its state was @state, which were the client's?
 * Of most that is said by the first word looked at.
 */
static __always_inline bool vccw_folio_mapped_as(struct folio *folio, u32 state)
{
	if (likely(!state))
		return folio_mapped(folio);
	return state == VCCW_FOLIO_WHOLE && folio_entire_mapcount(folio);
}

static inline bool vccw_folio_unchanged(struct folio *folio, u32 state)
{
	return vccw_folio_in_file(folio) ||
	       (folio_mapped(folio) && vccw_folio_state(folio) == state);
}

#endif /* VCCW_FOLIO_H */
