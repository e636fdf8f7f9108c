// Ends with 0 when the products of other processors, run by emulated instructions, compute what the portable ones compute:
// the check that the program makes at its start, then random shapes.
#include "CKernels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const pi_products EMULATED;

static uint64_t state;

static uint32_t next(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

static size_t between(size_t low, size_t high) {
    return low + next() % (high - low + 1);
}

static float *values(size_t count) {
    float *made = malloc(count * sizeof *made);
    for (size_t i = 0; i < count; i++) made[i] = next() % 9 == 0 ? 0 : ldexpf((float)next() - 0x1p30f, -30);
    return made;
}

// Rows that lie apart, and an answer that lies apart: what is beside it must stay as it is.
static void shape(void) {
    size_t rows = between(1, 70), inputs = between(1, 200), outputs = between(1, 80);
    size_t stride = inputs + between(0, 5), wide = outputs + between(0, 5), blocks = pi_block_count(inputs);
    pi_format format = (pi_format)(next() % 4);
    bool adding = next() % 2;
    float *weights = values(outputs * inputs), *x = values(rows * stride), *expected = values(rows * wide);
    float *found = malloc(rows * wide * sizeof *found);
    memcpy(found, expected, rows * wide * sizeof *found);
    size_t panel = blocks * pi_block_bytes(format), panels = (outputs + 15) / 16;
    uint8_t *packed = malloc(panels * panel);
    for (size_t p = 0; p < panels; p++)
        pi_pack_panel(format, packed + p * panel, weights + p * 16 * inputs, inputs,
                      outputs - p * 16 < 16 ? outputs - p * 16 : 16, inputs);
    int8_t *quants = malloc(rows * blocks * 32);
    float *scales = malloc(rows * blocks * sizeof *scales);
    int32_t *sums = malloc(rows * blocks * sizeof *sums);
    pi_products_scalar()->quantize(quants, scales, sums, x, stride, inputs, rows);
    if (format == pi_format_bf16 && EMULATED.rounds_rows)
        for (size_t i = 0; i < rows * stride; i++) {
            uint16_t narrow;
            pi_kernels_scalar()->f32_to_bf16(&narrow, x + i, 1);
            pi_kernels_scalar()->bf16_to_f32(x + i, &narrow, 1);
        }
    pi_rows held = {.values = x, .stride = stride, .quants = quants, .scales = scales, .sums = sums, .inputs = inputs,
                    .count = rows};
    pi_products_scalar()->multiply[format](expected, wide, packed, outputs, &held, adding);
    EMULATED.multiply[format](found, wide, packed, outputs, &held, adding);
    bool whole = format == pi_format_int8 || format == pi_format_int4;
    for (size_t i = 0; i < rows * wide; i++) {
        float limit = whole || i % wide >= outputs ? 0 : 2e-5f * (1 + fabsf(expected[i]));
        if (fabsf(found[i] - expected[i]) <= limit) continue;
        fprintf(stderr, "%s: format %d, %zu x %zu -> %zu%s: place %zu is %g, not %g\n", EMULATED.name, (int)format, rows,
                inputs, outputs, adding ? " adding" : "", i, (double)found[i], (double)expected[i]);
        exit(1);
    }
    free(weights), free(x), free(expected), free(found), free(packed), free(quants), free(scales), free(sums);
}

int main(int count, char **words) {
    uint64_t seed = count > 1 ? strtoull(words[1], NULL, 10) : (uint64_t)time(NULL);
    if (!pi_products_agree(&EMULATED)) {
        fprintf(stderr, "%s: the check at start says that it differs from the portable products\n", EMULATED.name);
        return 1;
    }
    state = seed;
    for (int i = 0; i < 300; i++) shape();
    printf("%s: agrees with the portable products (seed %llu)\n", EMULATED.name, (unsigned long long)seed);
    return 0;
}
