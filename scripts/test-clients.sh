#!/usr/bin/env bash
# Runs Tests/Clients: real clients of the API against the release build and a scripted upstream, on this machine only.
# Usage: scripts/test-clients.sh [PYTEST ARGUMENTS]. PROMPTINTERN names another program; the clients come from PyPI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec < /dev/null

environment=.build/clients
requirements=Tests/Clients/requirements.txt

# The installed list tells whether the environment is the one that is asked for.
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$environment/requirements.txt"
fi

PYTHONDONTWRITEBYTECODE=1 "$environment/bin/python" -m pytest -q Tests/Clients "$@"
