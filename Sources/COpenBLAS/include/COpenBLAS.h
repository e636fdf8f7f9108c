#ifndef PROMPTINTERN_COPENBLAS_H
#define PROMPTINTERN_COPENBLAS_H

#include <stdbool.h>
#include <stddef.h>

/// OpenBLAS, loaded at run time: its core type has to be chosen before the library loads (see openblas.c).
/// Returns NULL when it is ready, else a message that says what is missing. Thread-safe; loads once.
const char *pi_openblas_load(void);

/// The core type that OpenBLAS reports, such as "Haswell" or "SkylakeX"; "none" before a successful load.
const char *pi_openblas_core(void);

/// True when OpenBLAS runs kernels that fit this processor (false: an SSE core on an AVX2 processor).
bool pi_openblas_core_fits(void);

/// Row-major C[m,n] = alpha * op(A) op(B) + beta * C, single-threaded; lda, ldb, ldc are row strides.
/// Call only after a successful load.
void pi_sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
              size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/// y[m] = alpha * A[m,n] x[n] + beta * y, row-major A.
void pi_sgemv(size_t m, size_t n, float alpha, const float *a, size_t lda, const float *x, float beta, float *y);

#endif
