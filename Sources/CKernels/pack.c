// Weights into panels and back. The scales are bfloat16, rounded away from zero, so that no weight exceeds 127 steps;
// the steps are counted in the rounded scale, so its rounding costs nothing but range.
#include "packed.h"
#include <math.h>
#include <string.h>

static float widen(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

static uint16_t nearest(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

// The bfloat16 next to value away from zero; the largest finite one at most.
static uint16_t outward(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t magnitude = ((bits & 0x7FFFFFFF) + 0xFFFF) >> 16;
    return (uint16_t)((magnitude > 0x7F7F ? 0x7F7F : magnitude) | (bits >> 16 & 0x8000));
}

static int clamp(float value, int low, int high) {
    return !(value > (float)low) ? low : value > (float)high ? high : (int)rintf(value);
}

// The weight of largest magnitude, with its sign; what is no number counts as zero.
static float extreme(const float *w) {
    float found = 0;
    for (size_t i = 0; i < 32; i++)
        if (fabsf(w[i]) > fabsf(found)) found = w[i];
    return found;
}

static uint16_t int8_steps(int8_t *steps, const float *w) {
    float largest = fabsf(extreme(w));
    uint16_t bits = largest > 1e-30f ? outward(largest / 127.0f) : 0;
    float inverse = bits == 0 ? 0 : 1.0f / widen(bits);
    for (size_t i = 0; i < 32; i++) steps[i] = isnan(w[i]) ? 0 : (int8_t)clamp(w[i] * inverse, -127, 127);
    return bits;
}

static float int4_error(const float *w, float scale, float inverse) {
    float error = 0;
    for (size_t i = 0; i < 32; i++) {
        float difference = w[i] - scale * (float)clamp(w[i] * inverse, -8, 7);
        error += difference * difference;
    }
    return error;
}

// Of nine scales around extreme / -8, the one with the smallest squared error.
static uint16_t int4_steps(uint8_t *steps, const float *w) {
    float found = extreme(w);
    uint16_t best = 0;
    if (fabsf(found) > 1e-30f && fabsf(found) < INFINITY) {
        float least = INFINITY;
        for (int candidate = 0; candidate < 9; candidate++) {
            uint16_t bits = nearest(found / (-8.0f + 0.3f * (float)(candidate - 4)));
            float error = bits == 0 ? INFINITY : int4_error(w, widen(bits), 1.0f / widen(bits));
            if (error < least) best = bits, least = error;
        }
    }
    float inverse = best == 0 ? 0 : 1.0f / widen(best);
    for (size_t i = 0; i < 32; i++) steps[i] = isnan(w[i]) ? 8 : (uint8_t)(clamp(w[i] * inverse, -8, 7) + 8);
    return best;
}

static void pack_block(pi_format format, uint8_t *block, const float *w, size_t output) {
    int8_t steps[32];
    uint8_t halves[32];
    uint16_t bits;
    switch (format) {
    case pi_format_f32:
        for (size_t i = 0; i < 32; i++) memcpy(block + (i * 16 + output) * 4, w + i, 4);
        return;
    case pi_format_bf16:
        for (size_t i = 0; i < 32; i++) {
            bits = nearest(w[i]);
            memcpy(block + i / 2 * 64 + output * 4 + i % 2 * 2, &bits, 2);
        }
        return;
    case pi_format_int8:
        bits = int8_steps(steps, w);
        for (size_t i = 0; i < 32; i++) block[i / 4 * 64 + output * 4 + i % 4] = (uint8_t)steps[i];
        memcpy(block + 512 + 2 * output, &bits, 2);
        return;
    case pi_format_int4:
        bits = int4_steps(halves, w);
        for (size_t i = 0; i < 16; i++)
            block[i / 4 * 64 + output * 4 + i % 4] = (uint8_t)(halves[i] | halves[16 + i] << 4);
        memcpy(block + 256 + 2 * output, &bits, 2);
    }
}

void pi_pack_panel(pi_format format, void *panel, const float *weights, size_t stride, size_t outputs, size_t inputs) {
    size_t blocks = pi_block_count(inputs);
    for (size_t b = 0; b < blocks; b++)
        for (size_t o = 0; o < 16; o++) {
            float w[32] = {0};
            size_t held = inputs - b * 32 < 32 ? inputs - b * 32 : 32;
            if (o < outputs) memcpy(w, weights + o * stride + b * 32, held * sizeof(float));
            pack_block(format, (uint8_t *)panel + b * pi_block_bytes(format), w, o);
        }
}

static float unpack(pi_format format, const uint8_t *block, size_t output, size_t i) {
    uint16_t bits;
    float value;
    switch (format) {
    case pi_format_f32: memcpy(&value, block + (i * 16 + output) * 4, 4); return value;
    case pi_format_bf16: memcpy(&bits, block + i / 2 * 64 + output * 4 + i % 2 * 2, 2); return widen(bits);
    case pi_format_int8:
        memcpy(&bits, block + 512 + 2 * output, 2);
        return widen(bits) * (float)(int8_t)block[i / 4 * 64 + output * 4 + i % 4];
    case pi_format_int4: {
        memcpy(&bits, block + 256 + 2 * output, 2);
        uint8_t both = block[i % 16 / 4 * 64 + output * 4 + i % 4];
        return widen(bits) * (float)((i < 16 ? both & 15 : both >> 4) - 8);
    }
    }
}

void pi_unpack_row(pi_format format, float *weights, const void *panel, size_t output, size_t inputs) {
    for (size_t i = 0; i < inputs; i++)
        weights[i] = unpack(format, (const uint8_t *)panel + i / 32 * pi_block_bytes(format), output, i % 32);
}
