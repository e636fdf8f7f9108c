// Chooses the products once: the fastest that the processor runs and that compute what the portable ones compute.
#include "CKernels.h"
#include "tiles.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const pi_products pi_products_portable;
#if defined(__x86_64__)
extern const pi_products pi_products_avx2;
extern const pi_products pi_products_avx512;
extern const pi_products pi_products_amx;
#endif

const pi_products *pi_products_scalar(void) {
    return &pi_products_portable;
}

const pi_products *pi_products_named(const char *name) {
    if (strcmp(name, "scalar") == 0) return &pi_products_portable;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("f16c"))
        return &pi_products_avx2;
    if (strcmp(name, "avx512vnni") == 0 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vnni"))
        return &pi_products_avx512;
    if (strcmp(name, "amx") == 0 && pi_products_named("avx512vnni") != NULL && pi_tiles_usable())
        return &pi_products_amx;
#endif
    return NULL;
}

// Whole and cut tiles of 32 rows and 32 outputs, and a block of inputs that is not full.
enum { check_inputs = 67, check_outputs = 53, check_rows = 41 };

// Values with a fixed, uneven pattern, some of them zero.
static void fill(float *values, size_t count, uint32_t seed) {
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = seed >> 28 == 0 ? 0 : (float)(int32_t)seed * 0x1p-31f;
    }
}

static bool near(const float *a, const float *b, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(a[i] - b[i]) <= 1e-4f * (1 + fabsf(a[i])))) return false;
    return true;
}

static bool products_agree(const pi_products *products, pi_format format, const float *weights, const pi_rows *x,
                           bool adding) {
    enum { panels = (check_outputs + 15) / 16, blocks = (check_inputs + 31) / 32, count = check_rows * check_outputs };
    float expected[count], found[count];
    size_t panel = blocks * pi_block_bytes(format);
    // A last pair of panels, and a last single one.
    size_t outputs = x->count % 16 == 1 ? check_outputs - 16 : check_outputs;
    uint8_t *packed = malloc(panels * panel);
    if (packed == NULL) return false;
    for (size_t o = 0; o < check_outputs; o += 16)
        pi_pack_panel(format, packed + o / 16 * panel, weights + o * check_inputs, check_inputs,
                      check_outputs - o < 16 ? check_outputs - o : 16, check_inputs);
    fill(expected, count, 3);
    memcpy(found, expected, sizeof found);
    pi_products_portable.multiply[format](expected, check_outputs, packed, outputs, x, adding);
    products->multiply[format](found, check_outputs, packed, outputs, x, adding);
    free(packed);
    bool whole = format == pi_format_int8 || format == pi_format_int4;
    return whole ? memcmp(expected, found, sizeof found) == 0 : near(expected, found, count);
}

static bool products_agree_on(const pi_products *products, const float *weights, const pi_rows *x, pi_format format) {
    float rounded[check_rows * check_inputs];
    uint16_t narrow[check_rows * check_inputs];
    pi_rows rows = *x;
    if (products->rounds_rows && format == pi_format_bf16) {
        pi_kernels_scalar()->f32_to_bf16(narrow, x->values, check_rows * check_inputs);
        pi_kernels_scalar()->bf16_to_f32(rounded, narrow, check_rows * check_inputs);
        rows.values = rounded;
    }
    // Every number of rows ends the tiles differently.
    for (rows.count = 1; rows.count <= check_rows; rows.count += rows.count < 17 ? 4 : 8)
        if (!products_agree(products, format, weights, &rows, rows.count % 8 == 1)) return false;
    return true;
}

static bool attention_agrees(const pi_products *products, bool half) {
    enum { heads = 4, groups = 2, size = 24, positions = 41, rows = 3 };
    _Alignas(64) float blocks[2][groups * 32 * (size + 32)];
    float keys[groups * size], values[groups * size], queries[rows * heads * size];
    float expected[rows * heads * size], found[rows * heads * size];
    memset(blocks, 0, sizeof blocks);
    for (size_t p = 0; p < positions; p++) {
        fill(keys, groups * size, (uint32_t)p);
        fill(values, groups * size, (uint32_t)(100 + p));
        products->store_position(blocks[p / 32], p % 32, keys, values, groups, size, half);
    }
    fill(queries, rows * heads * size, 7);
    const void *list[2] = {blocks[0], blocks[1]};
    pi_attention a = {.queries = queries, .query_stride = heads * size, .out = expected, .out_stride = heads * size,
                      .blocks = list, .start = positions - rows, .window = 35, .heads = heads,
                      .key_value_heads = groups, .head_size = size, .scale = 0.5f, .half = half};
    for (size_t h = 0; h < groups; h++) pi_products_portable.attend(&a, h, 0, rows);
    a.out = found;
    for (size_t h = 0; h < groups; h++) products->attend(&a, h, 0, rows);
    return near(expected, found, rows * heads * size);
}

bool pi_products_agree(const pi_products *products) {
    enum { blocks = (check_inputs + 31) / 32 };
    float weights[check_outputs * check_inputs], values[check_rows * check_inputs];
    int8_t quants[2][check_rows * blocks * 32];
    float scales[2][check_rows * blocks];
    int32_t sums[2][check_rows * blocks];
    fill(weights, check_outputs * check_inputs, 1);
    fill(values, check_rows * check_inputs, 2);
    pi_products_portable.quantize(quants[0], scales[0], sums[0], values, check_inputs, check_inputs, check_rows);
    products->quantize(quants[1], scales[1], sums[1], values, check_inputs, check_inputs, check_rows);
    if (memcmp(quants[0], quants[1], sizeof quants[0]) != 0 || memcmp(sums[0], sums[1], sizeof sums[0]) != 0 ||
        !near(scales[0], scales[1], check_rows * blocks))
        return false;
    pi_rows x = {.values = values, .stride = check_inputs, .quants = quants[0], .scales = scales[0], .sums = sums[0],
                 .inputs = check_inputs, .count = check_rows};
    for (int format = pi_format_f32; format <= pi_format_int4; format++)
        if (!products_agree_on(products, weights, &x, (pi_format)format)) return false;
    return attention_agrees(products, false) && attention_agrees(products, true);
}

const pi_products *pi_products_best(void) {
    static const pi_products *_Atomic best = NULL;
    static const char *const ladder[] = {"amx", "avx512vnni", "avx2"};
    const pi_products *chosen = best;
    if (chosen != NULL) return chosen;
    for (size_t i = 0; chosen == NULL && i < sizeof ladder / sizeof *ladder; i++) {
        const pi_products *candidate = pi_products_named(ladder[i]);
        if (candidate != NULL && pi_products_agree(candidate)) chosen = candidate;
    }
    if (chosen == NULL) chosen = &pi_products_portable;
    best = chosen;
    return chosen;
}
