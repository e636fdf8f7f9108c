#ifndef PROMPTINTERN_POOL_H
#define PROMPTINTERN_POOL_H

#include <stddef.h>

/// A team of threads that shares out the parts of short jobs. Between jobs a thread spins for some microseconds, then
/// sleeps. Parts are taken one by one, so a thread that the system does not run delays nobody.
typedef struct pi_pool pi_pool;

/// A part of a job: called once for each number below the job's number of parts, on any of the threads.
typedef void (*pi_part)(void *context, size_t part);

/// A team of `threads` in all: the caller of `pi_pool_run` is one of them. NULL when threads cannot be started.
pi_pool *pi_pool_create(size_t threads);
/// Ends the threads; no job may be running.
void pi_pool_destroy(pi_pool *pool);
/// Runs all parts and returns when they are done. A second caller at the same time runs its parts alone.
void pi_pool_run(pi_pool *pool, size_t parts, pi_part part, void *context);
/// Number of threads, the caller among them.
size_t pi_pool_threads(const pi_pool *pool);

#endif
