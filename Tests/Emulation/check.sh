#!/bin/sh
# Compiles the sources of the products that this processor may not run against models of their instructions, and compares
# them with the portable products: AMX by tile_model.h, on any processor; AVX-512 by SIMDe (Debian's libsimde-dev), where
# that is installed and the processor has AVX2. usage: Tests/Emulation/check.sh [SEED]
set -e
cd "$(dirname "$0")/../.."
sources=Sources/CKernels
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compiler=${CC:-clang}
for path in "$sources"/*.c; do
    # What is compared is optimised, the rest is only there to be linked.
    case $path in */pack.c | */products_scalar.c) level=-O1 ;; *) level=-O0 ;; esac
    $compiler $level -fno-math-errno -I"$sources/include" -c "$path" -o "$work/$(basename "$path" .c).o"
done

# compare TABLE EMULATED_FILE FLAGS...: with the file's own object left out.
compare() {
    table=$1 file=$2
    shift 2
    $compiler -O1 -fno-math-errno -Wno-psabi -I"$sources/include" -ITests/Emulation "$@" -c "$sources/$file.c" \
        -o "$work/emulated.o"
    objects=$(ls "$work"/*.o | grep -v "/$file.o$")
    # shellcheck disable=SC2086
    $compiler -O1 -I"$sources/include" -DEMULATED="$table" $objects Tests/Emulation/check.c -lm -lpthread \
        -o "$work/check"
    "$work/check" $seed
    rm "$work/emulated.o"
}

seed=$1
compare pi_products_amx products_amx -DPI_TILE_MODEL='"tile_model.h"' -DPI_BELOW=pi_products_portable
if echo '#include <simde/x86/avx512.h>' | $compiler -E -x c - > /dev/null 2>&1 && grep -q ' avx2' /proc/cpuinfo; then
    compare pi_products_avx512 products_avx512 -mavx2 -mfma -mf16c -DPI_EMULATED='"avx512_by_avx2.h"'
else
    echo "avx512vnni: not compared, for want of libsimde-dev or of AVX2"
fi
