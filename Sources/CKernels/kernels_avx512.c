// The table for processors with AVX-512 F, BW, DQ and VL.
#if defined(__x86_64__)
#include <math.h>
#include <string.h>
#include "CKernels.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi,bmi2"))), \
                             apply_to = function)
#define PI_TABLE pi_kernels_table_avx512
#define PI_NAME "avx512"
#include "kernels.inc"
#pragma clang attribute pop
#endif
