// Whether a table of float32 kernels computes what the scalar one computes, on small inputs whose sizes fill no vector.
#include "CKernels.h"
#include <math.h>
#include <string.h>

enum { rows = 3, width = 37, count = rows * width };

// The memory that the kernels of one table read and write.
typedef struct trial {
    float a[count], b[count], c[count], out[count], other[count];
    float row_values[rows], weight[width], losses[rows];
    float cosines[8 * 4], sines[8 * 4];
    int32_t positions[rows], targets[rows];
    uint16_t narrow[count];
    float singles[2];
    size_t index;
} trial;

static void fill(float *values, size_t number, uint32_t seed) {
    for (size_t i = 0; i < number; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = seed >> 28 == 0 ? 0 : (float)(int32_t)seed * 0x1p-30f;
    }
}

static void prepare(trial *t) {
    memset(t, 0, sizeof *t);
    fill(t->a, count, 1), fill(t->b, count, 2), fill(t->c, count, 3);
    fill(t->weight, width, 4), fill(t->row_values, rows, 5), fill(t->cosines, 32, 6), fill(t->sines, 32, 7);
    for (int32_t r = 0; r < rows; r++) t->positions[r] = 5 - 2 * r, t->targets[r] = 9 * r;
}

static bool near(const float *a, const float *b, size_t number) {
    for (size_t i = 0; i < number; i++)
        if (!(fabsf(a[i] - b[i]) <= 1e-4f * (1 + fabsf(a[i])))) return false;
    return true;
}

static void norms(const pi_kernels *k, trial *t) {
    k->rms_norm(t->out, t->losses, t->a, t->weight, rows, width, 1e-5f);
    k->rms_norm_backward(t->other, t->c, t->b, t->a, t->weight, t->losses, rows, width);
}

static void rotation(const pi_kernels *k, trial *t) {
    k->rotate(t->a, t->positions, t->cosines, t->sines, rows, 4, 8, width, 1);
    k->rotate(t->b, t->positions, t->cosines, t->sines, rows, 4, 8, width, -1);
}

static void silu(const pi_kernels *k, trial *t) {
    k->silu_multiply(t->out, t->a, t->b, count);
    k->silu_multiply_backward(t->other, t->c, t->out, t->a, t->b, count);
}

static void gelu(const pi_kernels *k, trial *t) {
    k->gelu_multiply(t->out, t->a, t->b, count);
    k->gelu_multiply_backward(t->other, t->c, t->out, t->a, t->b, count);
}

static void softmax(const pi_kernels *k, trial *t) {
    memcpy(t->out, t->a, sizeof t->out);
    k->causal_softmax(t->out, t->losses, rows, width, width - 2, 30, 3, 0.3f);
    k->causal_probabilities(t->a, t->losses, rows, width, width - 2, 30, 3, 0.3f);
    k->softmax_backward(t->b, t->a, t->row_values, rows, width, width - 2, 0.3f);
}

static void entropy(const pi_kernels *k, trial *t) {
    k->cross_entropy(t->a, t->losses, t->targets, t->row_values, rows, width);
}

static void sums(const pi_kernels *k, trial *t) {
    t->singles[0] = k->dot(t->a, t->b, count);
    k->add_scaled(t->c, t->a, 0.7f, count);
    // Of equal ones the first counts.
    t->b[30] = t->b[90] = 3;
    t->index = k->argmax(t->b, count);
}

static void adamw(const pi_kernels *k, trial *t) {
    fill(t->out, count, 8);
    for (size_t i = 0; i < count; i++) t->out[i] *= t->out[i];
    k->adamw(t->a, t->b, t->out, t->c, count, 0.5f, 0.1f, 0.9f, 0.99f, 1e-8f, 0.1f, 0.1f, 0.01f);
}

static void conversions(const pi_kernels *k, trial *t) {
    k->f32_to_bf16(t->narrow, t->a, count);
    k->bf16_to_f32(t->out, t->narrow, count);
    // Any bits with a small exponent are a half-precision number.
    for (size_t i = 0; i < count; i++) t->narrow[i] = (t->narrow[i] ^ i * 0x9E37) & 0xB3FF;
    k->f16_to_f32(t->other, t->narrow, count);
    for (size_t i = 0; i < count; i++) t->other[i] *= 0x1p24f;
}

bool pi_kernels_agree(const pi_kernels *kernels) {
    static void (*const parts[])(const pi_kernels *, trial *) = {norms,   rotation, silu,  gelu,       softmax,
                                                                 entropy, sums,     adamw, conversions};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        trial expected, found;
        prepare(&expected), prepare(&found);
        parts[i](pi_kernels_scalar(), &expected);
        parts[i](kernels, &found);
        if (!near(expected.a, found.a, count) || !near(expected.b, found.b, count) ||
            !near(expected.c, found.c, count) || !near(expected.out, found.out, count) ||
            !near(expected.other, found.other, count) || !near(expected.losses, found.losses, rows) ||
            !near(expected.singles, found.singles, 1) || expected.index != found.index ||
            memcmp(expected.narrow, found.narrow, sizeof found.narrow) != 0)
            return false;
    }
    return true;
}
