// The AVX-512 intrinsics of the products, by SIMDe where it has them and in plain C where it has not: so that a
// processor without AVX-512 can run the very source.
#ifndef AVX512_BY_AVX2_H
#define AVX512_BY_AVX2_H
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <string.h>

static inline simde__m512 emulated_cvtepi32_ps(simde__m512i a) {
    int32_t in[16];
    float out[16];
    memcpy(in, &a, sizeof in);
    for (int i = 0; i < 16; i++) out[i] = (float)in[i];
    return simde_mm512_loadu_ps(out);
}

static inline simde__m512i emulated_cvtepu16_epi32(simde__m256i a) {
    uint16_t in[16];
    int32_t out[16];
    memcpy(in, &a, sizeof in);
    for (int i = 0; i < 16; i++) out[i] = in[i];
    return simde_mm512_loadu_si512(out);
}

static inline simde__m512 emulated_maskz_loadu_ps(uint16_t mask, const float *p) {
    float out[16];
    for (int i = 0; i < 16; i++) out[i] = mask >> i & 1 ? p[i] : 0;
    return simde_mm512_loadu_ps(out);
}

static inline void emulated_mask_storeu_ps(float *p, uint16_t mask, simde__m512 a) {
    float in[16];
    memcpy(in, &a, sizeof in);
    for (int i = 0; i < 16; i++)
        if (mask >> i & 1) p[i] = in[i];
}

#undef _mm512_cvtepi32_ps
#undef _mm512_cvtepu16_epi32
#undef _mm512_maskz_loadu_ps
#undef _mm512_mask_storeu_ps
#define _mm512_cvtepi32_ps emulated_cvtepi32_ps
#define _mm512_cvtepu16_epi32 emulated_cvtepu16_epi32
#define _mm512_maskz_loadu_ps emulated_maskz_loadu_ps
#define _mm512_mask_storeu_ps emulated_mask_storeu_ps
#define __m512 simde__m512
#define __m512i simde__m512i
#define __m256i simde__m256i
#define __mmask16 simde__mmask16
#endif
