// Products for processors with tiles (AMX). A block of packed weights is a tile as it lies: for bfloat16 16 rows of 16
// outputs by pairs of inputs, for bytes 8 rows of 16 outputs by fours. Odd shapes are shapes of tiles, so nothing is
// read or written beyond a matrix; inputs are filled up with zeros to whole blocks.
//
// bfloat16: 32 rows by 32 outputs at a time, four tiles of sums over two of rows and two of weights; the rows are
// rounded to bfloat16. Bytes: scales stand for 32 inputs, so every block's sums leave the tile, are scaled and added up
// in vector registers, in the order of the other tables: the answers are theirs bit by bit. Few rows are faster without
// tiles.
#if defined(__x86_64__) || defined(PI_TILE_MODEL)
#include "packed.h"
#include "thread_scratch.h"
#include "tiles.h"
#include <string.h>

#ifndef PI_BELOW
#define PI_BELOW pi_products_avx512
#endif
extern const pi_products PI_BELOW;

#ifndef PI_TILE_MODEL
#pragma clang attribute push(__attribute__((target(                                                                    \
    "amx-tile,amx-bf16,amx-int8,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), apply_to = function)
#endif

// No vector crosses a function that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

typedef float vector16 __attribute__((ext_vector_type(16)));
typedef int32_t whole16 __attribute__((ext_vector_type(16)));
typedef uint32_t bits16 __attribute__((ext_vector_type(16)));
typedef uint16_t short16 __attribute__((ext_vector_type(16)));
typedef uint8_t bytes64 __attribute__((ext_vector_type(64)));

enum { tile_rows = 16, tile_bytes = 1024, least_rows = 8 };

INLINE size_t at_most(size_t count, size_t most) {
    return count < most ? count : most;
}

// What the tiles have to be for so many rows and outputs in the first and second tile; a block of inputs takes
// `depth` bytes of a row.
typedef struct shape {
    size_t rows[2];
    size_t outputs[2];
    size_t depth;
} shape;

static void take(const shape *wanted, shape *held) {
    if (memcmp(wanted, held, sizeof *held) == 0) return;
    *held = *wanted;
    _Alignas(64) pi_tile_shape tiles = {.palette = 1};
    for (size_t i = 0; i < 2; i++) {
        tiles.rows[4 + i] = (uint8_t)wanted->rows[i];
        tiles.row_bytes[4 + i] = (uint16_t)(wanted->rows[i] > 0 ? wanted->depth : 0);
        tiles.rows[6 + i] = (uint8_t)(wanted->outputs[i] > 0 ? wanted->depth / 4 : 0);
        tiles.row_bytes[6 + i] = (uint16_t)(4 * wanted->outputs[i]);
        for (size_t j = 0; j < 2; j++) {
            bool used = wanted->rows[i] > 0 && wanted->outputs[j] > 0;
            tiles.rows[2 * i + j] = (uint8_t)(used ? wanted->rows[i] : 0);
            tiles.row_bytes[2 * i + j] = (uint16_t)(used ? 4 * wanted->outputs[j] : 0);
        }
    }
    tile_configure(&tiles);
}

// Sixteen floats rounded to nearest even; what is no number stays none.
INLINE void round16(uint8_t *to, const float *from) {
    bits16 bits;
    memcpy(&bits, from, sizeof bits);
    bits16 rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16, quiet = bits >> 16 | 0x40;
    bits16 chosen = (bits & 0x7FFFFFFF) > 0x7F800000 ? quiet : rounded;
    short16 narrow = __builtin_convertvector(chosen, short16);
    memcpy(to, &narrow, sizeof narrow);
}

// The rows as tiles: for each 16 rows the blocks one after the other, [16 rows][32 inputs] bfloat16.
static void pack_rows(uint8_t *tiles, const pi_rows *x, size_t blocks) {
    for (size_t r = 0; r < x->count; r++) {
        const float *row = x->values + r * x->stride;
        uint8_t *target = tiles + r / tile_rows * blocks * tile_bytes + r % tile_rows * 64;
        for (size_t b = 0; b < blocks; b++, target += tile_bytes) {
            float filled[32];
            const float *from = row + b * 32;
            if (x->inputs - b * 32 < 32) {
                memset(filled, 0, sizeof filled);
                memcpy(filled, from, (x->inputs - b * 32) * sizeof(float));
                from = filled;
            }
            round16(target, from);
            round16(target + 32, from + 16);
        }
    }
}

// Where the four tiles of sums go, in floats.
typedef struct target {
    float *out;
    size_t stride;
    bool adding;
} target;

INLINE void open_sums(const bool two_rows, const bool two_panels, target to) {
    size_t bytes = to.stride * sizeof(float);
    float *below = to.out + tile_rows * to.stride;
    if (!to.adding) {
        tile_zero(0);
        if (two_panels) tile_zero(1);
        if (two_rows) tile_zero(2);
        if (two_rows && two_panels) tile_zero(3);
        return;
    }
    tile_load(0, to.out, bytes);
    if (two_panels) tile_load(1, to.out + 16, bytes);
    if (two_rows) tile_load(2, below, bytes);
    if (two_rows && two_panels) tile_load(3, below + 16, bytes);
}

INLINE void close_sums(const bool two_rows, const bool two_panels, target to) {
    size_t bytes = to.stride * sizeof(float);
    float *below = to.out + tile_rows * to.stride;
    tile_store(0, to.out, bytes);
    if (two_panels) tile_store(1, to.out + 16, bytes);
    if (two_rows) tile_store(2, below, bytes);
    if (two_rows && two_panels) tile_store(3, below + 16, bytes);
}

// One or two tiles of rows by one or two panels, over all blocks.
INLINE void bf16_tiles(const bool two_rows, const bool two_panels, target to, const uint8_t *panel,
                       const uint8_t *rows, size_t blocks) {
    const uint8_t *next_panel = panel + blocks * tile_bytes, *next_rows = rows + blocks * tile_bytes;
    open_sums(two_rows, two_panels, to);
    for (size_t b = 0; b < blocks; b++) {
        tile_load(4, rows + b * tile_bytes, 64);
        tile_load(6, panel + b * tile_bytes, 64);
        tile_multiply_bf16(0, 4, 6);
        if (two_panels) {
            tile_load(7, next_panel + b * tile_bytes, 64);
            tile_multiply_bf16(1, 4, 7);
        }
        if (two_rows) {
            tile_load(5, next_rows + b * tile_bytes, 64);
            tile_multiply_bf16(2, 5, 6);
        }
        if (two_rows && two_panels) tile_multiply_bf16(3, 5, 7);
    }
    close_sums(two_rows, two_panels, to);
}

static void multiply_bf16(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                          bool adding) {
    size_t blocks = pi_block_count(x->inputs), panel_bytes = blocks * tile_bytes;
    uint8_t *tiles = pi_thread_scratch((x->count + 15) / 16 * panel_bytes);
    pack_rows(tiles, x, blocks);
    shape held = {.depth = 0};
    for (size_t o = 0; o < outputs; o += 32)
        for (size_t r = 0; r < x->count; r += 32) {
            size_t rows = at_most(x->count - r, 32), width = at_most(outputs - o, 32);
            bool two_rows = rows > 16, two_panels = width > 16;
            shape wanted = {{at_most(rows, 16), two_rows ? rows - 16 : 0},
                            {at_most(width, 16), two_panels ? width - 16 : 0}, 64};
            take(&wanted, &held);
            const uint8_t *panel = (const uint8_t *)panels + o / 16 * panel_bytes, *left = tiles + r / 16 * panel_bytes;
            target to = {out + r * out_stride + o, out_stride, adding};
            if (two_rows && two_panels) bf16_tiles(true, true, to, panel, left, blocks);
            else if (two_rows) bf16_tiles(true, false, to, panel, left, blocks);
            else if (two_panels) bf16_tiles(false, true, to, panel, left, blocks);
            else bf16_tiles(false, false, to, panel, left, blocks);
        }
    tile_release();
}

// A panel of bytes: block b's weights at steps + b * step_stride, its scales at scales + b * scale_stride.
typedef struct byte_panel {
    const uint8_t *steps;
    size_t step_stride;
    const uint8_t *scales;
    size_t scale_stride;
} byte_panel;

INLINE vector16 widen16(const uint8_t *from) {
    short16 narrow;
    memcpy(&narrow, from, sizeof narrow);
    bits16 wide = __builtin_convertvector(narrow, bits16) << 16;
    vector16 value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

// totals[m] += sums[m] * (weight scales * the row's scale).
INLINE void add_block(const size_t rows, vector16 *totals, int32_t (*sums)[16], vector16 weights, const float *scales,
                      size_t scale_stride) {
    for (size_t m = 0; m < rows; m++) {
        whole16 exact;
        memcpy(&exact, sums[m], sizeof exact);
        totals[m] = __builtin_elementwise_fma(__builtin_convertvector(exact, vector16),
                                              weights * (vector16)scales[m * scale_stride], totals[m]);
    }
}

// Up to sixteen rows by a panel; even and odd blocks have tiles of their own, so that one is summed while the other is
// scaled.
INLINE void byte_tile(const size_t rows, target to, byte_panel panel, size_t outputs, const int8_t *q,
                      const float *scales, size_t blocks) {
    _Alignas(64) int32_t sums[2][16][16];
    memset(sums, 0, sizeof sums);
    vector16 totals[16];
    for (size_t m = 0; m < rows; m++) totals[m] = (vector16)0;
    for (size_t b = 0; b < blocks; b++) {
        const uint8_t *steps = panel.steps + b * panel.step_stride;
        if (b % 2 == 0) {
            tile_zero(0);
            tile_load(4, q + b * 32, blocks * 32);
            tile_load(6, steps, 64);
            tile_multiply_int8(0, 4, 6);
            tile_store(0, sums[0], 64);
        } else {
            tile_zero(2);
            tile_load(5, q + b * 32, blocks * 32);
            tile_load(6, steps, 64);
            tile_multiply_int8(2, 5, 6);
            tile_store(2, sums[1], 64);
        }
        add_block(rows, totals, sums[b % 2], widen16(panel.scales + b * panel.scale_stride), scales + b, blocks);
    }
    for (size_t m = 0; m < rows; m++) {
        float *row = to.out + m * to.stride;
        for (size_t o = 0; o < outputs; o++) row[o] = (to.adding ? row[o] : 0) + totals[m][o];
    }
}

static void multiply_panel(target to, byte_panel panel, size_t outputs, const pi_rows *x, size_t blocks, shape *held) {
    for (size_t r = 0; r < x->count; r += tile_rows) {
        size_t rows = at_most(x->count - r, tile_rows);
        shape wanted = {{rows, rows}, {outputs, 0}, 32};
        take(&wanted, held);
        target place = {to.out + r * to.stride, to.stride, to.adding};
        const int8_t *q = x->quants + r * blocks * 32;
        const float *scales = x->scales + r * blocks;
        if (rows == tile_rows && outputs == 16) byte_tile(16, place, panel, 16, q, scales, blocks);
        else byte_tile(rows, place, panel, outputs, q, scales, blocks);
    }
}

// The rows that fill tiles well enough; the table below has multiplied the others, and all if there are none.
static pi_rows rows_of_tiles(pi_format format, float *out, size_t out_stride, const void *panels, size_t outputs,
                             const pi_rows *x, bool adding) {
    size_t blocks = pi_block_count(x->inputs), beyond = x->count % tile_rows;
    pi_rows most = *x, rest = *x;
    most.count = beyond < least_rows ? x->count - beyond : x->count;
    rest.values += most.count * x->stride;
    rest.quants += most.count * blocks * 32;
    rest.scales += most.count * blocks;
    rest.sums += most.count * blocks;
    rest.count = x->count - most.count;
    if (rest.count > 0)
        PI_BELOW.multiply[format](out + most.count * out_stride, out_stride, panels, outputs, &rest, adding);
    return most;
}

static void multiply_int8(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                          bool adding) {
    size_t blocks = pi_block_count(x->inputs);
    pi_rows most = rows_of_tiles(pi_format_int8, out, out_stride, panels, outputs, x, adding);
    if (most.count == 0) return;
    shape held = {.depth = 0};
    for (size_t o = 0; o < outputs; o += 16) {
        const uint8_t *block = (const uint8_t *)panels + o / 16 * blocks * 544;
        byte_panel panel = {block, 544, block + 512, 544};
        target to = {out + o, out_stride, adding};
        multiply_panel(to, panel, at_most(outputs - o, 16), &most, blocks, &held);
    }
    tile_release();
}

// The halves of a block's bytes as signed bytes, arranged like a block of int8.
INLINE void unpack_halves(uint8_t *to, const uint8_t *block) {
    for (size_t j = 0; j < 4; j++) {
        bytes64 both;
        memcpy(&both, block + 64 * j, sizeof both);
        bytes64 low = (both & 15) - 8, high = (both >> 4) - 8;
        memcpy(to + 64 * j, &low, sizeof low);
        memcpy(to + 256 + 64 * j, &high, sizeof high);
    }
}

static void multiply_int4(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                          bool adding) {
    size_t blocks = pi_block_count(x->inputs);
    pi_rows most = rows_of_tiles(pi_format_int4, out, out_stride, panels, outputs, x, adding);
    if (most.count == 0) return;
    uint8_t *steps = pi_thread_scratch(blocks * 512);
    shape held = {.depth = 0};
    for (size_t o = 0; o < outputs; o += 16) {
        const uint8_t *block = (const uint8_t *)panels + o / 16 * blocks * 288;
        for (size_t b = 0; b < blocks; b++) unpack_halves(steps + b * 512, block + b * 288);
        byte_panel panel = {steps, 512, block + 256, 288};
        target to = {out + o, out_stride, adding};
        multiply_panel(to, panel, at_most(outputs - o, 16), &most, blocks, &held);
    }
    tile_release();
}

static void multiply_f32(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                         bool adding) {
    PI_BELOW.multiply[pi_format_f32](out, out_stride, panels, outputs, x, adding);
}

static void quantize(int8_t *quants, float *scales, int32_t *sums, const float *values, size_t stride, size_t inputs,
                     size_t count) {
    PI_BELOW.quantize(quants, scales, sums, values, stride, inputs, count);
}

static void attend(const pi_attention *attention, size_t key_value_head, size_t first_row, size_t rows) {
    PI_BELOW.attend(attention, key_value_head, first_row, rows);
}

static void store_position(void *block, size_t slot, const float *keys, const float *values, size_t key_value_heads,
                           size_t head_size, bool half) {
    PI_BELOW.store_position(block, slot, keys, values, key_value_heads, head_size, half);
}

const pi_products pi_products_amx = {
    .name = "amx",
    .multiply = {multiply_f32, multiply_bf16, multiply_int8, multiply_int4},
    .quantize = quantize,
    .attend = attend,
    .store_position = store_position,
    .row_step = 32,
    .rounds_rows = true,
};
#ifndef PI_TILE_MODEL
#pragma clang attribute pop
#endif
#endif
