#!/usr/bin/env bash
# Runs Tests/Durability: kills, syncs, a full disk and a jumping clock, tried on the release build, on this machine only.
# Usage: scripts/test-durability.sh [TRIAL ...]. PROMPTINTERN names another program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec < /dev/null
exec python3 -B Tests/Durability/durability.py "$@"
