# SPDX-License-Identifier: MIT
#
# Lines of perf script: each start goes through FIRST ... vccw_complete, one after
# the other, with good status, and there are STARTS of them on the whole.

BEGIN {
	n_steps = split("vccw_queue vccw_ssch vccw_status vccw_complete", order)
	for (i = 1; i <= n_steps; i++) {
		step[order[i]] = i
		if (order[i] == first)
			begin = i
	}
}

function wrong(what) {
	print "# " what ": " $0
	errors++
}

function value(name) {
	return match($0, " " name "=[^ ]*") ? \
		substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 2) : ""
}

match($0, /vccw_[a-z]*: /) {
	name = substr($0, RSTART, RLENGTH - 2)
	if (!(name in step))
		next
	start = value("sch") " " value("user_data")
	expected = start in at ? at[start] + 1 : begin
	if (step[name] != expected)
		wrong("out of order, expected " order[expected])
	if (name == "vccw_ssch" && value("cc") != 0)
		wrong("not accepted")
	if (name == "vccw_status" && (value("active") != 1 || value("dstat") != "0x0c" || value("cstat") != "0x00"))
		wrong("status that is not good")
	if (name == "vccw_complete" && (value("res") != 0 || value("func") != "start"))
		wrong("no good end")
	at[start] = step[name]
	seen[name]++
	if (name == "vccw_complete")
		delete at[start]
}

END {
	for (start in at) {
		print "# never ended: " start
		errors++
	}
	for (i = begin; i <= n_steps; i++)
		if (seen[order[i]] != starts) {
			print "# " order[i] ": " seen[order[i]] + 0 ", expected " starts
			errors++
		}
	exit errors > 0
}
