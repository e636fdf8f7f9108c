#!/bin/sh
# Compiles the sources of the AVX-512 products against emulated instructions (Debian's libsimde-dev) and compares them
# with the portable products; needs a processor with AVX2 only. usage: Tests/Emulation/check.sh
set -e
cd "$(dirname "$0")/../.."
sources=Sources/CKernels
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compiler=${CC:-clang}
$compiler -O1 -Wno-psabi -mavx2 -mfma -mf16c -I"$sources/include" -ITests/Emulation \
    -DPI_EMULATED='"avx512_by_avx2.h"' -c "$sources/products_avx512.c" -o "$work/avx512.o"
$compiler -O1 -I"$sources/include" "$sources/pack.c" "$sources/products_scalar.c" "$sources/products_avx2.c" \
    "$sources/products_dispatch.c" "$work/avx512.o" Tests/Emulation/check.c -lm -o "$work/check"
"$work/check"
