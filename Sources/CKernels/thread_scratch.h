#ifndef PROMPTINTERN_THREAD_SCRATCH_H
#define PROMPTINTERN_THREAD_SCRATCH_H

#include <stddef.h>

/// Memory of the calling thread, aligned to 64 bytes, freed when the thread ends; its content lasts until the next
/// call.
///
/// Not thread-local variables: those would add their size to every thread's stack, and a thread that asks for a small
/// stack could not start.
void *pi_thread_scratch(size_t bytes);

#endif
