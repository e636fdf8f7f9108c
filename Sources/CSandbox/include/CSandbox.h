#ifndef CSANDBOX_H
#define CSANDBOX_H

#include <stdint.h>

/// What a program may use. Every number is at least 1.
struct sandbox_limits {
    uint32_t cpu_seconds;
    uint32_t wall_milliseconds;
    uint64_t memory_bytes;
    uint64_t file_bytes;
    uint32_t open_files;
};

enum sandbox_outcome {
    /// The program ended by itself; `detail` is its exit status.
    SANDBOX_EXITED = 0,
    /// A signal ended it; `detail` is the signal. SIGXCPU and SIGKILL at the CPU limit, SIGXFSZ at the file limit.
    SANDBOX_SIGNALED = 1,
    /// It was killed at the wall-clock limit.
    SANDBOX_TIMED_OUT = 2,
    /// The sandbox could not be set up and the program was not started; `detail` is errno, `step` names the call.
    SANDBOX_FAILED = 3,
};

struct sandbox_result {
    enum sandbox_outcome outcome;
    int detail;
    char step[24];
};

/// Runs argv[0] with an environment of its own in `directory`, and waits for it.
///
/// The program can write below `directory` only, and read there and below the `readable` paths (a list that ends in
/// NULL; paths that do not exist are passed over). It has no sockets, no child processes and no signals to others, and
/// cannot change modes, owners or limits. Standard input is empty; output and errors go to `output`, a descriptor.
///
/// Linux with Landlock and seccomp only; elsewhere the outcome is SANDBOX_FAILED.
void sandbox_run(
    const char *const *argv, const char *directory, const char *const *readable, int output,
    const struct sandbox_limits *limits, struct sandbox_result *result);

/// The Landlock version of this kernel, 0 if there is none.
int sandbox_landlock_version(void);

#endif
