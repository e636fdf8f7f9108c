// Loads OpenBLAS with dlopen. Debian's OpenBLAS 0.3.21 takes recent Intel server processors for an SSE3 core and
// then runs at a fifth of their speed; OPENBLAS_CORETYPE repairs that, but is read when the library loads, so it
// has to be set before. A core type that the operator has set is left alone.
#include "COpenBLAS.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { row_major = 101, no_transpose = 111, transpose = 112 };

typedef void (*sgemm_function)(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                               float *, int);
typedef void (*sgemv_function)(int, int, int, int, float, const float *, int, const float *, int, float, float *,
                               int);

static sgemm_function sgemm;
static sgemv_function sgemv;
static char *(*core_name)(void);
static const char *failure;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool has_avx2(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

static void choose_core_type(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (getenv("OPENBLAS_CORETYPE") != NULL) return;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
    else if (has_avx2() && __builtin_cpu_is("intel"))
        setenv("OPENBLAS_CORETYPE", "Haswell", 0);
#endif
}

static void load(void) {
    choose_core_type();
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        failure = "OpenBLAS (libopenblas.so.0) is not installed; install the Debian package libopenblas0-pthread "
                  "or libopenblas-dev";
        return;
    }
    void (*set_threads)(int);
    *(void **)&sgemm = dlsym(library, "cblas_sgemm");
    *(void **)&sgemv = dlsym(library, "cblas_sgemv");
    *(void **)&core_name = dlsym(library, "openblas_get_corename");
    *(void **)&set_threads = dlsym(library, "openblas_set_num_threads");
    if (sgemm == NULL || sgemv == NULL || core_name == NULL || set_threads == NULL) {
        failure = "libopenblas.so.0 lacks cblas_sgemm, cblas_sgemv or openblas_get_corename; install Debian's "
                  "libopenblas0-pthread";
        return;
    }
    set_threads(1);
}

const char *pi_openblas_load(void) {
    pthread_once(&once, load);
    return failure;
}

const char *pi_openblas_core(void) {
    return core_name == NULL ? "none" : core_name();
}

bool pi_openblas_core_fits(void) {
    if (core_name == NULL) return false;
    static const char *const old[] = {"Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Atom", "Katmai",
                                      "Coppermine", "Northwood", "Banias", "Sandybridge", "generic"};
    if (!has_avx2()) return true;
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        if (strcasecmp(core_name(), old[i]) == 0) return false;
    return true;
}

void pi_sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
              size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc) {
    sgemm(row_major, transpose_a ? transpose : no_transpose, transpose_b ? transpose : no_transpose, (int)m, (int)n,
          (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

void pi_sgemv(size_t m, size_t n, float alpha, const float *a, size_t lda, const float *x, float beta, float *y) {
    sgemv(row_major, no_transpose, (int)m, (int)n, alpha, a, (int)lda, x, 1, beta, y, 1);
}
