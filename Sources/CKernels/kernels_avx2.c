// The table for processors with AVX2 and FMA.
#if defined(__x86_64__)
#include <math.h>
#include <string.h>
#include "CKernels.h"
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#define PI_TABLE pi_kernels_table_avx2
#define PI_NAME "avx2"
#include "kernels.inc"
#pragma clang attribute pop
#endif
