// Products for processors with AVX-512 and its byte dot product (VNNI). vpdpbusd takes unsigned times signed bytes: an
// activation q goes in as q + 128, and 128 times the sum of the weights is taken off again, in whole numbers.
#if defined(__x86_64__)
#include "packed.h"
#include "thread_scratch.h"
#include <math.h>
#include <string.h>
#ifdef PI_EMULATED
#include PI_EMULATED
#else
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), \
                             apply_to = function)
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE __m512i quad(const int8_t *q) {
    int32_t bytes;
    memcpy(&bytes, q, sizeof bytes);
    return _mm512_set1_epi32(bytes);
}

// Sixteen bfloat16 scales as floats.
INLINE __m512 scales16(const uint8_t *p) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}

INLINE void store(float *out, __m512 value, size_t outputs, bool adding) {
    __mmask16 mask = (__mmask16)(outputs >= 16 ? 0xFFFF : (1u << outputs) - 1);
    if (adding) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, out));
    _mm512_mask_storeu_ps(out, mask, value);
}

// One panel by `rows` rows of quantized activations.
INLINE void int8_tile(const size_t rows, float *out, size_t out_stride, const uint8_t *panel, size_t outputs,
                      const int8_t *q, const float *scales, size_t blocks, bool adding) {
    const __m512i flip = _mm512_set1_epi32((int)0x80808080);
    __m512 total[8];
    for (size_t r = 0; r < rows; r++) total[r] = _mm512_setzero_ps();
    for (size_t b = 0; b < blocks; b++, panel += 544, q += 32) {
        __m512i sum[8], weights = _mm512_setzero_si512();
        for (size_t r = 0; r < rows; r++) sum[r] = _mm512_setzero_si512();
        for (size_t j = 0; j < 8; j++) {
            __m512i w = _mm512_loadu_si512((const void *)(panel + 64 * j));
            weights = _mm512_dpbusd_epi32(weights, flip, w);
            for (size_t r = 0; r < rows; r++)
                sum[r] = _mm512_dpbusd_epi32(sum[r], _mm512_xor_si512(quad(q + r * blocks * 32 + 4 * j), flip), w);
        }
        __m512 s = scales16(panel + 512);
        for (size_t r = 0; r < rows; r++) {
            __m512 exact = _mm512_cvtepi32_ps(_mm512_sub_epi32(sum[r], weights));
            total[r] = _mm512_fmadd_ps(exact, _mm512_mul_ps(s, _mm512_set1_ps(scales[r * blocks + b])), total[r]);
        }
    }
    for (size_t r = 0; r < rows; r++) store(out + r * out_stride, total[r], outputs, adding);
}

// Halves are unsigned already; 8 times the sum of the activations is taken off.
INLINE void int4_tile(const size_t rows, float *out, size_t out_stride, const uint8_t *panel, size_t outputs,
                      const int8_t *q, const float *scales, const int32_t *sums, size_t blocks, bool adding) {
    const __m512i low = _mm512_set1_epi8(15);
    __m512 total[8];
    for (size_t r = 0; r < rows; r++) total[r] = _mm512_setzero_ps();
    for (size_t b = 0; b < blocks; b++, panel += 288, q += 32) {
        __m512i sum[8];
        for (size_t r = 0; r < rows; r++) sum[r] = _mm512_set1_epi32(-8 * sums[r * blocks + b]);
        for (size_t j = 0; j < 4; j++) {
            __m512i w = _mm512_loadu_si512((const void *)(panel + 64 * j));
            __m512i first = _mm512_and_si512(w, low), second = _mm512_and_si512(_mm512_srli_epi16(w, 4), low);
            for (size_t r = 0; r < rows; r++) {
                sum[r] = _mm512_dpbusd_epi32(sum[r], first, quad(q + r * blocks * 32 + 4 * j));
                sum[r] = _mm512_dpbusd_epi32(sum[r], second, quad(q + r * blocks * 32 + 16 + 4 * j));
            }
        }
        __m512 s = scales16(panel + 256);
        for (size_t r = 0; r < rows; r++)
            total[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r]),
                                       _mm512_mul_ps(s, _mm512_set1_ps(scales[r * blocks + b])), total[r]);
    }
    for (size_t r = 0; r < rows; r++) store(out + r * out_stride, total[r], outputs, adding);
}

#define TILES(CALL)                                                                                                    \
    switch (rows) {                                                                                                    \
    case 1: CALL(1); break;                                                                                            \
    case 2: CALL(2); break;                                                                                            \
    case 3: CALL(3); break;                                                                                            \
    case 4: CALL(4); break;                                                                                            \
    case 5: CALL(5); break;                                                                                            \
    case 6: CALL(6); break;                                                                                            \
    case 7: CALL(7); break;                                                                                            \
    default: CALL(8);                                                                                                  \
    }

static void multiply_int8(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                          bool adding) {
    size_t blocks = pi_block_count(x->inputs);
    for (size_t o = 0; o < outputs; o += 16) {
        const uint8_t *panel = (const uint8_t *)panels + o / 16 * blocks * 544;
        size_t count = outputs - o < 16 ? outputs - o : 16, rows;
        for (size_t r = 0; r < x->count; r += rows) {
            const int8_t *q = x->quants + r * blocks * 32;
            const float *s = x->scales + r * blocks;
            float *target = out + r * out_stride + o;
            rows = x->count - r < 8 ? x->count - r : 8;
#define CALL(N) int8_tile(N, target, out_stride, panel, count, q, s, blocks, adding)
            TILES(CALL)
#undef CALL
        }
    }
}

static void multiply_int4(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                          bool adding) {
    size_t blocks = pi_block_count(x->inputs);
    for (size_t o = 0; o < outputs; o += 16) {
        const uint8_t *panel = (const uint8_t *)panels + o / 16 * blocks * 288;
        size_t count = outputs - o < 16 ? outputs - o : 16, rows;
        for (size_t r = 0; r < x->count; r += rows) {
            const int8_t *q = x->quants + r * blocks * 32;
            const float *s = x->scales + r * blocks;
            const int32_t *sums = x->sums + r * blocks;
            float *target = out + r * out_stride + o;
            rows = x->count - r < 8 ? x->count - r : 8;
#define CALL(N) int4_tile(N, target, out_stride, panel, count, q, s, sums, blocks, adding)
            TILES(CALL)
#undef CALL
        }
    }
}

#include "products_float.inc"
#include "quantize.inc"
#include "attention.inc"
#include "store_position.inc"

const pi_products pi_products_avx512 = {
    .name = "avx512vnni",
    .multiply = {multiply_f32, multiply_bf16, multiply_int8, multiply_int4},
    .quantize = quantize,
    .attend = attend,
    .store_position = store_position,
    .row_step = 12,
};
#ifndef PI_EMULATED
#pragma clang attribute pop
#endif
#endif
