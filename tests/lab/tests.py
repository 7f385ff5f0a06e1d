# SPDX-License-Identifier: MIT
"""./run test says what it does not test: labels that are none, tests that are skipped.

tests.py SOURCE BUILD
"""

import json
import os
import re
import subprocess
import sys
import tempfile

SOURCE, BUILD = sys.argv[1:]
# As whoever has built with CMake and knows of nothing else.
PLAIN = {k: v for k, v in os.environ.items() if not k.startswith("CCWRING_")}

PROJECT = """
cmake_minimum_required(VERSION 3.18)
project(some NONE)
enable_testing()
function(some name text status)
	add_test(NAME ${name} COMMAND sh -c "echo begins; echo '${text}'; exit ${status}")
	set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 LABELS "${ARGN}")
endfunction()
some(well "all is well" 0 one two)
some(first "SKIP: no moon tonight" 77 one)
some(second "SKIP: no moon tonight" 77 one)
some(third "SKIP: no sun" 77 one)
some(part "# SKIP: eclipses: none is due" 0 one)
some(bad "it went wrong" 1 bad)
"""


def check(condition, what):
    if not condition:
        sys.exit("not so: %s" % what)


def run(*command, **how):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120, **how)
    return done.returncode, done.stdout


def tells_what_is_skipped(work):
    with open(os.path.join(work, "CMakeLists.txt"), "w") as project:
        project.write(PROJECT)
    build = os.path.join(work, "build")
    status, out = run("cmake", "-S", work, "-B", build)
    check(not status, out)
    tests = os.path.join(SOURCE, "lab/tests")
    status, out = run(tests, build, "-L", "one")
    check(status == 0, "skipping is not failing: %d, %s" % (status, out))
    check("100% tests passed, 0 tests failed out of 5" in out, "ctest says so: " + out)
    for line in ("3 tests skipped:", "    2  no moon tonight (first, second)",
                 "    1  no sun (third)", "1 test skipped in part:",
                 "    1  eclipses: none is due (part)"):
        check(line in out.splitlines(), "'%s' is said: %s" % (line, out))
    check(out.index("tests passed") < out.index("3 tests skipped"), "at the end: " + out)
    status, out = run(tests, build)
    check(status == 8, "the status is that of ctest: %d" % status)
    status, out = run(tests, build, "-L", "two")
    check(status == 0 and "skipped" not in out, "nothing was skipped: " + out)
    status, out = run(tests, build, "-L", "three")
    check(status != 0, "testing nothing is no success: " + out)


def knows_its_labels():
    status, out = run(os.path.join(SOURCE, "run"), "test", "--label", "nonsense")
    said = re.match(r"ccwring: test: no test has the label nonsense; there are: (.*)$", out)
    check(status == 1 and said, "a label that is none is refused: %d, %s" % (status, out))
    folders = {entry.name for entry in os.scandir(os.path.join(SOURCE, "tests"))
               if entry.is_dir()}
    labels = set(said.group(1).split(", "))
    check(labels == folders | {"long"}, "each folder is a label: %s" % labels)
    status, out = run("ctest", "--test-dir", BUILD, "--print-labels")
    used = {line.strip() for line in out.split("All Labels:")[1].splitlines() if line.strip()}
    check(used <= labels, "there are no others: %s" % used)


def is_skipped_in_plain_builds():
    """What needs the lab does not fail where that is not."""
    status, out = run("ctest", "--test-dir", BUILD, "--show-only=json-v1")
    tests = json.loads(out)["tests"]
    skipped = 0
    for test in tests:
        labels = next(p["value"] for p in test["properties"] if p["name"] == "LABELS")
        if not {"guest", "dasd", "clients", "style", "perf", "storm", "plug"} & set(labels):
            continue
        # It takes its time, and nothing of the lab.
        if test["name"] == "style-warnings":
            continue
        status, out = run(*test["command"], env=PLAIN, cwd=BUILD)
        check(status == 0 or (status == 77 and out.startswith("SKIP: ")),
              "%s passes or is skipped: %d, %s" % (test["name"], status, out))
        skipped += status == 77
    check(skipped > 50, "many are skipped: %d" % skipped)


def main():
    with tempfile.TemporaryDirectory(prefix="ccwring-tests-") as work:
        tells_what_is_skipped(work)
    knows_its_labels()
    is_skipped_in_plain_builds()


if __name__ == "__main__":
    main()
