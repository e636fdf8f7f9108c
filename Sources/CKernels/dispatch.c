// Chooses the table once: the fastest that the processor and the operating system support and that computes what the
// portable one computes.
#include "CKernels.h"
#include <string.h>

extern const pi_kernels pi_kernels_table_scalar;

const pi_kernels *pi_kernels_scalar(void) {
    return &pi_kernels_table_scalar;
}

#if defined(__x86_64__)
extern const pi_kernels pi_kernels_table_avx2;
extern const pi_kernels pi_kernels_table_avx512;

const pi_kernels *pi_kernels_named(const char *name) {
    __builtin_cpu_init();
    if (strcmp(name, "scalar") == 0) return &pi_kernels_table_scalar;
    if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &pi_kernels_table_avx2;
    if (strcmp(name, "avx512") == 0 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
        return &pi_kernels_table_avx512;
    return NULL;
}
#else
const pi_kernels *pi_kernels_named(const char *name) {
    return strcmp(name, "scalar") == 0 ? &pi_kernels_table_scalar : NULL;
}
#endif

const pi_kernels *pi_kernels_best(void) {
    static const pi_kernels *_Atomic best = NULL;
    static const char *const ladder[] = {"avx512", "avx2"};
    const pi_kernels *chosen = best;
    if (chosen != NULL) return chosen;
    for (size_t i = 0; chosen == NULL && i < sizeof ladder / sizeof *ladder; i++) {
        const pi_kernels *candidate = pi_kernels_named(ladder[i]);
        if (candidate != NULL && pi_kernels_agree(candidate)) chosen = candidate;
    }
    if (chosen == NULL) chosen = &pi_kernels_table_scalar;
    best = chosen;
    return chosen;
}
