#include "thread_scratch.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct scratch {
    size_t bytes;
    _Alignas(64) char content[];
} scratch;

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void make_key(void) {
    if (pthread_key_create(&scratch_key, free) != 0) abort();
}

void *pi_thread_scratch(size_t bytes) {
    pthread_once(&scratch_once, make_key);
    scratch *held = pthread_getspecific(scratch_key);
    if (held != NULL && held->bytes >= bytes) return held->content;
    free(held);
    size_t size = (sizeof(scratch) + bytes + 63) / 64 * 64;
    held = aligned_alloc(64, size);
    // Out of memory, as where Swift allocates: there is nothing to compute with.
    if (held == NULL || pthread_setspecific(scratch_key, held) != 0) abort();
    held->bytes = bytes;
    return held->content;
}
