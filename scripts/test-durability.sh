#!/usr/bin/env bash
# Runs Tests/Durability: kills, syncs, a full disk, a jumping clock, overload, clients that leave and hostile requests, tried on the release build, on this
# machine only. Usage: scripts/test-durability.sh [FILE [TRIAL ...]], a file without .py. PROMPTINTERN names another program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec < /dev/null
if [ $# -gt 0 ]; then exec python3 -B "Tests/Durability/$1.py" "${@:2}"; fi
failed=0
for file in durability hostile leaving overload prefix_cache; do python3 -B "Tests/Durability/$file.py" || failed=1; done
exit $failed
