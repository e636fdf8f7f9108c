// The portable products: what each vector kernel has to compute, one element after the other.
#include "packed.h"
#include <math.h>
#include <string.h>

static float widen(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

static float block_scale(const uint8_t *scales, size_t output) {
    uint16_t bits;
    memcpy(&bits, scales + 2 * output, sizeof bits);
    return widen(bits);
}

static void multiply_f32(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                         bool adding) {
    size_t panel = pi_block_count(x->inputs) * 32 * 16;
    for (size_t r = 0; r < x->count; r++)
        for (size_t o = 0; o < outputs; o++) {
            const float *w = (const float *)panels + o / 16 * panel + o % 16;
            float sum = 0;
            for (size_t i = 0; i < x->inputs; i++) sum = fmaf(w[16 * i], x->values[r * x->stride + i], sum);
            out[r * out_stride + o] = (adding ? out[r * out_stride + o] : 0) + sum;
        }
}

static void multiply_bf16(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                          bool adding) {
    size_t panel = pi_block_count(x->inputs) * 32 * 16;
    for (size_t r = 0; r < x->count; r++)
        for (size_t o = 0; o < outputs; o++) {
            const uint16_t *w = (const uint16_t *)panels + o / 16 * panel + 2 * (o % 16);
            float sum = 0;
            for (size_t i = 0; i < x->inputs; i++)
                sum = fmaf(widen(w[32 * (i / 2) + i % 2]), x->values[r * x->stride + i], sum);
            out[r * out_stride + o] = (adding ? out[r * out_stride + o] : 0) + sum;
        }
}

static int32_t int8_block(const uint8_t *block, size_t output, const int8_t *q) {
    int32_t sum = 0;
    for (size_t i = 0; i < 32; i++) sum += (int8_t)block[i / 4 * 64 + output * 4 + i % 4] * q[i];
    return sum;
}

static int32_t int4_block(const uint8_t *block, size_t output, const int8_t *q) {
    int32_t sum = 0;
    for (size_t i = 0; i < 16; i++) {
        uint8_t both = block[i / 4 * 64 + output * 4 + i % 4];
        sum += (both & 15) * q[i] + (both >> 4) * q[16 + i];
    }
    return sum;
}

static void multiply_integers(float *out, size_t out_stride, const uint8_t *panels, size_t outputs, const pi_rows *x,
                              bool adding, bool halves) {
    size_t blocks = pi_block_count(x->inputs), bytes = halves ? 288 : 544;
    for (size_t r = 0; r < x->count; r++)
        for (size_t o = 0; o < outputs; o++) {
            float total = 0;
            for (size_t b = 0; b < blocks; b++) {
                const uint8_t *block = panels + (o / 16 * blocks + b) * bytes;
                const int8_t *q = x->quants + (r * blocks + b) * 32;
                int32_t sum = halves ? int4_block(block, o % 16, q) - 8 * x->sums[r * blocks + b]
                                     : int8_block(block, o % 16, q);
                float scale = block_scale(block + bytes - 32, o % 16) * x->scales[r * blocks + b];
                total = fmaf((float)sum, scale, total);
            }
            out[r * out_stride + o] = (adding ? out[r * out_stride + o] : 0) + total;
        }
}

static void multiply_int8(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                          bool adding) {
    multiply_integers(out, out_stride, panels, outputs, x, adding, false);
}

static void multiply_int4(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                          bool adding) {
    multiply_integers(out, out_stride, panels, outputs, x, adding, true);
}

#include "quantize.inc"
#include "attention_scalar.inc"
#include "store_position.inc"

const pi_products pi_products_portable = {
    .name = "scalar",
    .multiply = {multiply_f32, multiply_bf16, multiply_int8, multiply_int4},
    .quantize = quantize,
    .attend = attend,
    .store_position = store_position,
    .row_step = 12,
};
