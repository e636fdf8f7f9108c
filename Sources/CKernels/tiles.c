// Whether this process may use tiles: the processor's answer (CPUID), what the system keeps on a thread switch (XCR0),
// and the permission that Linux gives to a process that asks for it.
#include "tiles.h"
#include <stdbool.h>

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { request_permission = 0x1023, tile_data = 18 };

static pthread_once_t asked = PTHREAD_ONCE_INIT;
static bool usable;

static uint64_t kept_states(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

// Palette 1: eight tiles of sixteen rows of 64 bytes.
static bool has_tile_palette(void) {
    uint32_t a, b, c, d;
    if (!__get_cpuid_count(0x1D, 0, &a, &b, &c, &d) || a < 1) return false;
    if (!__get_cpuid_count(0x1D, 1, &a, &b, &c, &d)) return false;
    return a >> 16 == 1024 && (b & 0xFFFF) == 64 && b >> 16 >= 8 && (c & 0xFFFF) == 16;
}

static void ask(void) {
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return;
    uint64_t both = 3ull << 17;
    if ((kept_states() & both) != both) return;
    // bfloat16, tiles, bytes.
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d >> 22 & 1) || !(d >> 24 & 1) || !(d >> 25 & 1)) return;
    usable = has_tile_palette() && syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

bool pi_tiles_usable(void) {
    pthread_once(&asked, ask);
    return usable;
}
#else
bool pi_tiles_usable(void) {
    return false;
}
#endif
