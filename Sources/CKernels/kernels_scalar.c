// The portable table: no instruction beyond the platform's baseline.
#define PI_TABLE pi_kernels_table_scalar
#define PI_NAME "scalar"
#include "kernels.inc"
