#!/usr/bin/env bash
# Builds and runs every test, and fails when none ran: a test runner that finds nothing exits with success.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# One test after another: side by side, the tests that compute for seconds keep those with sockets and deadlines waiting.
if ! swift test --disable-xctest --no-parallel "$@" 2>&1 | tee "$log"; then
    printf '\ntest.sh: what failed, of all that stands above:\n' >&2
    # What failed, what it said of it, and the seeds of the tests that draw at random.
    grep -E '^(✘|↳)|^[^◇]*error:|^[^◇✔✘]*seed [0-9]' "$log" >&2 || tail -n 20 "$log" >&2
    exit 1
fi

count=$(sed -nE 's/.*Test run with ([0-9]+) tests?.* passed.*/\1/p' "$log" | awk '{ sum += $1 } END { print sum + 0 }')
if ((count == 0)); then
    echo "test.sh: the run finished, but no test was run." >&2
    exit 1
fi
echo "$count passed, 0 failed"
