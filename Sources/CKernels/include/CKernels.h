#ifndef PROMPTINTERN_CKERNELS_H
#define PROMPTINTERN_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packed.h"
#include "pool.h"

/// The float32 kernels of the engine and the trainer, one table per instruction set.
///
/// All matrices are row-major. `n` counts columns, `rows` counts rows. Pointers must not overlap unless a comment
/// says that a kernel works in place. Every table computes the same functions; they differ in rounding only.
typedef struct pi_kernels {
    /// Name of the instruction set: "scalar", "avx2" or "avx512".
    const char *name;

    /// out[r,i] = x[r,i] * inverse_rms[r] * weight[i], with inverse_rms[r] = 1/sqrt(mean(x[r]^2) + eps); x may be out.
    void (*rms_norm)(float *out, float *inverse_rms, const float *x, const float *weight, size_t rows, size_t n,
                     float eps);
    /// Adds the input gradient of `rms_norm` to dx, and the weight gradient to dweight (NULL: not wanted).
    void (*rms_norm_backward)(float *dx, float *dweight, const float *dout, const float *x, const float *weight,
                              const float *inverse_rms, size_t rows, size_t n);
    /// Rotates each head of each row in place, rotate-half order: pairs (i, i + head_size/2).
    /// cosines and sines are [positions, head_size/2]; row r uses position positions[r].
    /// direction 1 rotates, -1 rotates back (the gradient of the rotation).
    void (*rotate)(float *x, const int32_t *positions, const float *cosines, const float *sines, size_t rows,
                   size_t heads, size_t head_size, size_t row_stride, float direction);
    /// out[i] = silu(gate[i]) * up[i].
    void (*silu_multiply)(float *out, const float *gate, const float *up, size_t n);
    /// Gradients of `silu_multiply`: dgate and dup are overwritten.
    void (*silu_multiply_backward)(float *dgate, float *dup, const float *dout, const float *gate, const float *up,
                                   size_t n);
    /// out[i] = gelu(gate[i]) * up[i], GELU with tanh.
    void (*gelu_multiply)(float *out, const float *gate, const float *up, size_t n);
    /// Gradients of `gelu_multiply`: dgate and dup are overwritten.
    void (*gelu_multiply_backward)(float *dgate, float *dup, const float *dout, const float *gate, const float *up,
                                   size_t n);
    /// Row r of scores [rows, stride] has first_count + r * count_step valid columns; replaces them in place by
    /// softmax(scale * scores) and the columns from there up to `width` by zero. log_sums[r] gets
    /// log(sum(exp(scale * score))).
    void (*causal_softmax)(float *scores, float *log_sums, size_t rows, size_t stride, size_t width,
                           size_t first_count, size_t count_step, float scale);
    /// Recomputes the probabilities of `causal_softmax` in place from the scores and the stored log sums.
    void (*causal_probabilities)(float *scores, const float *log_sums, size_t rows, size_t stride, size_t width,
                                 size_t first_count, size_t count_step, float scale);
    /// dscores[r,i] = scale * p[r,i] * (dp[r,i] - dots[r]), in place over dp, where dots[r] = sum_i dout[r,i]*out[r,i].
    void (*softmax_backward)(float *dp, const float *p, const float *dots, size_t rows, size_t stride, size_t width,
                             float scale);
    /// Replaces logits [rows, n] by the gradient of sum_r weight[r] * -log softmax(logits[r])[target[r]], and
    /// writes the unweighted losses. Rows with weight 0 get a zero gradient and still a loss.
    void (*cross_entropy)(float *logits, float *losses, const int32_t *targets, const float *weights, size_t rows,
                          size_t n);
    /// sum_i a[i] * b[i].
    float (*dot)(const float *a, const float *b, size_t n);
    /// y[i] += alpha * x[i].
    void (*add_scaled)(float *y, const float *x, float alpha, size_t n);
    /// One AdamW step (Loshchilov and Hutter 2019, decoupled decay) over n parameters, in place.
    /// gradient_scale multiplies the gradient first (clipping); correction1 = 1 - beta1^t, correction2 = 1 - beta2^t.
    void (*adamw)(float *parameters, float *first, float *second, const float *gradients, size_t n,
                  float gradient_scale, float learning_rate, float beta1, float beta2, float eps, float weight_decay,
                  float correction1, float correction2);
    /// Index of the largest value; the first one wins ties.
    size_t (*argmax)(const float *x, size_t n);
    /// Conversions; float32 to bfloat16 rounds to nearest even.
    void (*bf16_to_f32)(float *out, const uint16_t *in, size_t n);
    void (*f32_to_bf16)(uint16_t *out, const float *in, size_t n);
    void (*f16_to_f32)(float *out, const uint16_t *in, size_t n);
} pi_kernels;

/// The fastest table that this processor runs and whose answers on small inputs equal the portable table's; checked
/// once.
const pi_kernels *pi_kernels_best(void);
/// The portable table: each kernel's scalar twin.
const pi_kernels *pi_kernels_scalar(void);
/// The table with the given name, or NULL when this processor cannot run it.
const pi_kernels *pi_kernels_named(const char *name);
/// True when the table computes what the portable table computes.
bool pi_kernels_agree(const pi_kernels *kernels);

#endif
