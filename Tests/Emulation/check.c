// Ends with 0 when the AVX-512 products, run by emulated instructions, compute what the portable ones compute.
#include "packed.h"
#include <stdio.h>

extern const pi_products pi_products_avx512;

int main(void) {
    if (!pi_products_agree(&pi_products_avx512)) {
        fprintf(stderr, "%s: differs from the portable products\n", pi_products_avx512.name);
        return 1;
    }
    printf("%s: agrees with the portable products\n", pi_products_avx512.name);
    return 0;
}
