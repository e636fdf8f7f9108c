#!/usr/bin/env bash
# Installs the Debian packages that the build needs and the system lacks; does nothing when all are there.
# Usage: scripts/install-packages.sh [tests]. `tests` adds programs without which some tests are skipped.
set -euo pipefail

packages=(
    ca-certificates        # certificates for TLS upstreams
    curl                   # the smoke test's client
    libcurl4-openssl-dev   # upstream transport
    libopenblas0-pthread   # matrix products, loaded at run time
    libsqlite3-dev         # the ledger
    libssl-dev             # TLS for libcurl
    pkg-config             # how the build finds libcurl
)
if [[ ${1:-} == tests ]]; then
    packages+=(
        faketime           # a clock that jumps
        libsimde-dev       # AVX-512 instructions for processors without
        nginx              # an upstream that speaks HTTP/2
        openssl            # certificates, good and bad
        strace             # the order of writes
    )
fi

say() { printf 'install-packages: %s\n' "$*" >&2; }

if ! command -v swift > /dev/null; then
    say "no 'swift' on the PATH. Install Swift 6.3 or later from https://swift.org/install and try again."
    exit 1
fi

if ! command -v dpkg-query > /dev/null; then
    say "this is not Debian or Ubuntu; install the equivalents of: ${packages[*]}"
    say "going on without checking."
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2> /dev/null || true)
    [[ $state == installed ]] || missing+=("$package")
done
((${#missing[@]} == 0)) && exit 0

as_root=()
if ((EUID != 0)); then
    if ! command -v sudo > /dev/null; then
        say "missing: ${missing[*]}"
        say "neither root nor sudo here. Ask an administrator for: apt-get install ${missing[*]}"
        exit 1
    fi
    as_root=(sudo)
fi

say "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
if ! "${as_root[@]}" apt-get update -qq ||
    ! "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; then
    say "apt-get could not install: ${missing[*]}"
    say "see its message above; once they are there, run the same command again."
    exit 1
fi
