// Products for processors with AVX2 and FMA. Signed bytes are multiplied exactly: |w| * (y with the sign of w) keeps
// the pair sums of vpmaddubsw within 2 * 127 * 127 < 2^15.
#if defined(__x86_64__)
#include "packed.h"
#include "thread_scratch.h"
#include <immintrin.h>
#include <math.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

INLINE __m256i quad(const int8_t *q) {
    int32_t bytes;
    memcpy(&bytes, q, sizeof bytes);
    return _mm256_set1_epi32(bytes);
}

INLINE __m256i load(const uint8_t *p) {
    return _mm256_loadu_si256((const __m256i *)p);
}

// Eight bfloat16 scales as floats.
INLINE __m256 scales8(const uint8_t *p) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)), 16));
}

INLINE void store(float *out, __m256 low, __m256 high, size_t outputs, bool adding) {
    if (outputs >= 16) {
        if (adding) {
            low = _mm256_add_ps(low, _mm256_loadu_ps(out));
            high = _mm256_add_ps(high, _mm256_loadu_ps(out + 8));
        }
        _mm256_storeu_ps(out, low);
        _mm256_storeu_ps(out + 8, high);
        return;
    }
    float both[16];
    _mm256_storeu_ps(both, low);
    _mm256_storeu_ps(both + 8, high);
    for (size_t o = 0; o < outputs; o++) out[o] = (adding ? out[o] : 0) + both[o];
}

// One panel by `rows` rows of quantized activations.
INLINE void int8_tile(const size_t rows, float *out, size_t out_stride, const uint8_t *panel, size_t outputs,
                      const int8_t *q, const float *scales, size_t blocks, bool adding) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256 total[4][2];
    for (size_t r = 0; r < rows; r++) total[r][0] = total[r][1] = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++, panel += 544, q += 32) {
        __m256i sum[4][2];
        for (size_t r = 0; r < rows; r++) sum[r][0] = sum[r][1] = _mm256_setzero_si256();
#pragma clang loop unroll(disable)
        for (size_t j = 0; j < 8; j++) {
            __m256i w0 = load(panel + 64 * j), w1 = load(panel + 64 * j + 32);
            __m256i a0 = _mm256_abs_epi8(w0), a1 = _mm256_abs_epi8(w1);
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++) {
                __m256i y = quad(q + r * blocks * 32 + 4 * j);
                __m256i p0 = _mm256_maddubs_epi16(a0, _mm256_sign_epi8(y, w0));
                __m256i p1 = _mm256_maddubs_epi16(a1, _mm256_sign_epi8(y, w1));
                sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(p0, ones));
                sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(p1, ones));
            }
        }
        __m256 s0 = scales8(panel + 512), s1 = scales8(panel + 528);
        for (size_t r = 0; r < rows; r++) {
            __m256 y = _mm256_set1_ps(scales[r * blocks + b]);
            total[r][0] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[r][0]), _mm256_mul_ps(s0, y), total[r][0]);
            total[r][1] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[r][1]), _mm256_mul_ps(s1, y), total[r][1]);
        }
    }
    for (size_t r = 0; r < rows; r++) store(out + r * out_stride, total[r][0], total[r][1], outputs, adding);
}

// Halves are unsigned, 0...15: eight pair sums of at most 2 * 15 * 127 fit a signed 16-bit lane.
INLINE void int4_tile(const size_t rows, float *out, size_t out_stride, const uint8_t *panel, size_t outputs,
                      const int8_t *q, const float *scales, const int32_t *sums, size_t blocks, bool adding) {
    const __m256i ones = _mm256_set1_epi16(1), low = _mm256_set1_epi8(15);
    __m256 total[4][2];
    for (size_t r = 0; r < rows; r++) total[r][0] = total[r][1] = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++, panel += 288, q += 32) {
        __m256i sum[4][2];
        for (size_t r = 0; r < rows; r++) sum[r][0] = sum[r][1] = _mm256_setzero_si256();
#pragma clang loop unroll(disable)
        for (size_t j = 0; j < 4; j++) {
            __m256i w0 = load(panel + 64 * j), w1 = load(panel + 64 * j + 32);
            __m256i l0 = _mm256_and_si256(w0, low), h0 = _mm256_and_si256(_mm256_srli_epi16(w0, 4), low);
            __m256i l1 = _mm256_and_si256(w1, low), h1 = _mm256_and_si256(_mm256_srli_epi16(w1, 4), low);
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++) {
                __m256i first = quad(q + r * blocks * 32 + 4 * j), second = quad(q + r * blocks * 32 + 16 + 4 * j);
                sum[r][0] = _mm256_add_epi16(sum[r][0], _mm256_maddubs_epi16(l0, first));
                sum[r][1] = _mm256_add_epi16(sum[r][1], _mm256_maddubs_epi16(l1, first));
                sum[r][0] = _mm256_add_epi16(sum[r][0], _mm256_maddubs_epi16(h0, second));
                sum[r][1] = _mm256_add_epi16(sum[r][1], _mm256_maddubs_epi16(h1, second));
            }
        }
        __m256 s0 = scales8(panel + 256), s1 = scales8(panel + 272);
        for (size_t r = 0; r < rows; r++) {
            __m256 y = _mm256_set1_ps(scales[r * blocks + b]);
            __m256i shift = _mm256_set1_epi32(8 * sums[r * blocks + b]);
            __m256i d0 = _mm256_sub_epi32(_mm256_madd_epi16(sum[r][0], ones), shift);
            __m256i d1 = _mm256_sub_epi32(_mm256_madd_epi16(sum[r][1], ones), shift);
            total[r][0] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(d0), _mm256_mul_ps(s0, y), total[r][0]);
            total[r][1] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(d1), _mm256_mul_ps(s1, y), total[r][1]);
        }
    }
    for (size_t r = 0; r < rows; r++) store(out + r * out_stride, total[r][0], total[r][1], outputs, adding);
}

static void multiply_int8(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                          bool adding) {
    size_t blocks = pi_block_count(x->inputs);
    for (size_t o = 0; o < outputs; o += 16) {
        const uint8_t *panel = (const uint8_t *)panels + o / 16 * blocks * 544;
        size_t count = outputs - o < 16 ? outputs - o : 16;
        for (size_t r = 0; r < x->count;) {
            const int8_t *q = x->quants + r * blocks * 32;
            const float *scales = x->scales + r * blocks;
            float *target = out + r * out_stride + o;
            size_t left = x->count - r;
            if (left >= 4) int8_tile(4, target, out_stride, panel, count, q, scales, blocks, adding), r += 4;
            else if (left == 3) int8_tile(3, target, out_stride, panel, count, q, scales, blocks, adding), r += 3;
            else if (left == 2) int8_tile(2, target, out_stride, panel, count, q, scales, blocks, adding), r += 2;
            else int8_tile(1, target, out_stride, panel, count, q, scales, blocks, adding), r += 1;
        }
    }
}

static void multiply_int4(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                          bool adding) {
    size_t blocks = pi_block_count(x->inputs);
    for (size_t o = 0; o < outputs; o += 16) {
        const uint8_t *panel = (const uint8_t *)panels + o / 16 * blocks * 288;
        size_t count = outputs - o < 16 ? outputs - o : 16;
        for (size_t r = 0; r < x->count;) {
            const int8_t *q = x->quants + r * blocks * 32;
            const float *s = x->scales + r * blocks;
            const int32_t *sums = x->sums + r * blocks;
            float *target = out + r * out_stride + o;
            size_t left = x->count - r;
            if (left >= 4) int4_tile(4, target, out_stride, panel, count, q, s, sums, blocks, adding), r += 4;
            else if (left == 3) int4_tile(3, target, out_stride, panel, count, q, s, sums, blocks, adding), r += 3;
            else if (left == 2) int4_tile(2, target, out_stride, panel, count, q, s, sums, blocks, adding), r += 2;
            else int4_tile(1, target, out_stride, panel, count, q, s, sums, blocks, adding), r += 1;
        }
    }
}

#include "products_float.inc"
#include "quantize.inc"
#include "attention.inc"
#include "store_position.inc"

const pi_products pi_products_avx2 = {
    .name = "avx2",
    .multiply = {multiply_f32, multiply_bf16, multiply_int8, multiply_int4},
    .quantize = quantize,
    .attend = attend,
    .store_position = store_position,
    .row_step = 12,
};
#pragma clang attribute pop
#endif
