# SPDX-License-Identifier: MIT
#
# abi_compare.awk DOCUMENT STOCK OURS: compares observations, lines NAME = RESULT.
# In the document a row of a table that begins with `NAME` in backquotes is a
# difference: | `NAME` | `stock` | `ours` |.  With -v chapter=C these are the rows
# of names that begin with "C.", without it all but those of "busy.".  With fewer
# than -v least=N observations something is wrong.

function trim(text) {
	gsub(/^[ \t`]+|[ \t`]+$/, "", text)
	return text
}

function complain(text) {
	print "not ok - " text
	complaints++
}

# Result of an observation, which must be made once.
function note(results, line,	at, name) {
	at = index(line, " = ")
	if (!at) {
		complain("not an observation: " line)
		return
	}
	name = substr(line, 1, at - 1)
	if (name in results)
		complain(name " is observed twice")
	results[name] = substr(line, at + 3)
	if (!(name in known)) {
		known[name] = 1
		order[++total] = name
	}
}

# Where the document has A/B it is one of them.
function as_listed(result, listed,	one, other) {
	one = other = listed
	sub(/\/[0-9]+/, "", one)
	sub(/[0-9]+\//, "", other)
	return result == one || result == other
}

function check_listed(name) {
	if (!as_listed(stock[name], listed_stock[name]))
		complain(name ": the document has `" listed_stock[name] "` for stock, it is `" stock[name] "`")
	if (ours[name] != listed_ours[name])
		complain(name ": the document has `" listed_ours[name] "` for ours, it is `" ours[name] "`")
	if (stock[name] == ours[name])
		complain(name ": does not differ: `" ours[name] "`")
}

# With deferred condition code 3 the address in an SCSW means nothing: QEMU leaves that
# of an earlier program.  Whether the stock driver takes it for its own goes by what the
# allocator gave it; ours must not show the client an address of the host.
function same_but_address(a, b) {
	if (a !~ /^.[37bf]...... cpa / || b ~ /cpa elsewhere/)
		return 0
	sub(/cpa [^ ]+/, "", a)
	sub(/cpa [^ ]+/, "", b)
	return a == b
}

function check_equal(name) {
	if (stock[name] == ours[name] || same_but_address(stock[name], ours[name]))
		print "ok - " name " = " ours[name]
	else
		complain(name ": stock `" stock[name] "`, ours `" ours[name] "`")
}

function ours_to_check(name) {
	if (chapter)
		return index(name, chapter ".") == 1
	return index(name, "busy.") != 1
}

FNR == 1 { file++ }

file == 1 && /^\| `/ {
	split($0, cell, "|")
	name = trim(cell[2])
	if (!ours_to_check(name))
		next
	if (name in listed_stock)
		complain(name " is listed twice")
	listed_stock[name] = trim(cell[3])
	listed_ours[name] = trim(cell[4])
	if (!(name in known)) {
		known[name] = 1
		order[++total] = name
	}
	listed++
}

file == 2 { note(stock, $0) }

file == 3 { note(ours, $0) }

END {
	for (i = 1; i <= total; i++) {
		name = order[i]
		if (!(name in stock) && !(name in ours))
			complain(name ": in the document, but nobody observes it")
		if (!(name in stock))
			stock[name] = "not observed"
		if (!(name in ours))
			ours[name] = "not observed"
		if (name in listed_stock)
			check_listed(name)
		else
			check_equal(name)
	}
	if (file != 3 || total < least)
		complain("not enough to compare")
	print total " observations, " listed " intended differences, " complaints + 0 " complaints"
	print complaints ? "FAIL" : "PASS"
	exit complaints != 0
}
