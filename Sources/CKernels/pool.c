// The team of threads. One 64-bit word holds a job's number (high half) and how many of its parts nobody has taken
// (low half): a thread that comes late sees another number, or no parts, and never touches a job that has ended.
#include "pool.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#if defined(__linux__)
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

enum { spins_before_sleep = 6000, spins_before_yield = 2000 };

struct pi_pool {
    size_t threads;
    pthread_t *workers;
    pthread_mutex_t caller;
    pi_part part;
    void *context;
    size_t parts;
    _Alignas(64) _Atomic uint64_t job;
    _Alignas(64) _Atomic uint32_t bell;
    _Alignas(64) _Atomic size_t done;
    _Alignas(64) _Atomic uint32_t sleeping;
    _Atomic bool ends;
};

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void sleep_until_rung(pi_pool *pool, uint32_t seen) {
    atomic_fetch_add(&pool->sleeping, 1);
#if defined(__linux__)
    if (atomic_load(&pool->bell) == seen && !atomic_load(&pool->ends))
        syscall(SYS_futex, &pool->bell, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
#else
    (void)seen;
    sched_yield();
#endif
    atomic_fetch_sub(&pool->sleeping, 1);
}

static void wake(pi_pool *pool) {
#if defined(__linux__)
    if (atomic_load(&pool->sleeping) > 0) syscall(SYS_futex, &pool->bell, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
#else
    (void)pool;
#endif
}

// Takes parts of the job with this number until none is left. The job cannot end while a part is taken and not done.
static void work(pi_pool *pool, uint32_t number) {
    uint64_t state = atomic_load_explicit(&pool->job, memory_order_acquire);
    while (state >> 32 == number && (uint32_t)state > 0) {
        if (!atomic_compare_exchange_weak_explicit(&pool->job, &state, state - 1, memory_order_acq_rel,
                                                   memory_order_acquire))
            continue;
        pool->part(pool->context, pool->parts - (uint32_t)state);
        atomic_fetch_add_explicit(&pool->done, 1, memory_order_acq_rel);
        state = atomic_load_explicit(&pool->job, memory_order_acquire);
    }
}

static void *worker(void *argument) {
    pi_pool *pool = argument;
    uint32_t seen = 0;
    while (!atomic_load_explicit(&pool->ends, memory_order_acquire)) {
        uint32_t bell = atomic_load_explicit(&pool->bell, memory_order_acquire);
        for (int spin = 0; bell == seen && spin < spins_before_sleep; spin++) {
            relax();
            bell = atomic_load_explicit(&pool->bell, memory_order_acquire);
        }
        if (bell == seen) {
            sleep_until_rung(pool, seen);
            continue;
        }
        seen = bell;
        work(pool, bell);
    }
    return NULL;
}

pi_pool *pi_pool_create(size_t threads) {
    pi_pool *pool = aligned_alloc(64, (sizeof(pi_pool) + 63) / 64 * 64);
    if (pool == NULL) return NULL;
    *pool = (pi_pool){.threads = 1};
    pthread_mutex_init(&pool->caller, NULL);
    pool->workers = calloc(threads > 1 ? threads - 1 : 1, sizeof(pthread_t));
    while (pool->workers != NULL && pool->threads < threads) {
        if (pthread_create(&pool->workers[pool->threads - 1], NULL, worker, pool) != 0) break;
        pool->threads++;
    }
    if (pool->workers != NULL && pool->threads >= threads) return pool;
    pi_pool_destroy(pool);
    return NULL;
}

void pi_pool_destroy(pi_pool *pool) {
    atomic_store(&pool->ends, true);
    atomic_fetch_add(&pool->bell, 1);
#if defined(__linux__)
    syscall(SYS_futex, &pool->bell, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
#endif
    for (size_t i = 0; i + 1 < pool->threads; i++) pthread_join(pool->workers[i], NULL);
    pthread_mutex_destroy(&pool->caller);
    free(pool->workers);
    free(pool);
}

void pi_pool_run(pi_pool *pool, size_t parts, pi_part part, void *context) {
    if (parts < 2 || pool->threads < 2 || pthread_mutex_trylock(&pool->caller) != 0) {
        for (size_t i = 0; i < parts; i++) part(context, i);
        return;
    }
    pool->part = part;
    pool->context = context;
    pool->parts = parts;
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    uint32_t number = atomic_load_explicit(&pool->bell, memory_order_relaxed) + 1;
    atomic_store_explicit(&pool->job, (uint64_t)number << 32 | (uint32_t)parts, memory_order_release);
    atomic_store(&pool->bell, number);
    wake(pool);
    work(pool, number);
    for (size_t spin = 0; atomic_load_explicit(&pool->done, memory_order_acquire) < parts; spin++) {
        if (spin < spins_before_yield) relax();
        else sched_yield();
    }
    pthread_mutex_unlock(&pool->caller);
}

size_t pi_pool_threads(const pi_pool *pool) {
    return pool->threads;
}
