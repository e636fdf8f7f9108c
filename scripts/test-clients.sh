#!/usr/bin/env bash
# Runs Tests/Clients: real clients of the API against the release build and a scripted upstream, on this machine only.
# Usage: scripts/test-clients.sh [PYTEST ARGUMENTS]. PROMPTINTERN names another program; the clients come from PyPI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec < /dev/null

environment=.build/clients
requirements=Tests/Clients/requirements.txt

if ! python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
    echo "test-clients: needs Python 3.11 or newer with venv. On Debian: apt-get install python3-venv" >&2
    exit 1
fi

# The installed list tells whether the environment is the one that is asked for.
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$environment/requirements.txt"
fi

PYTHONDONTWRITEBYTECODE=1 "$environment/bin/python" -m pytest -q Tests/Clients "$@"
