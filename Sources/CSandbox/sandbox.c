#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <string.h>

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Rights that this header may not know yet; older kernels are not asked for them.
#define RIGHT_REFER (1ULL << 13)
#define RIGHT_TRUNCATE (1ULL << 14)

#define READ_RIGHTS \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_RIGHTS \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE \
     | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG \
     | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK \
     | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define FILE_RIGHTS \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE)

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

int sandbox_landlock_version(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

static int allow_path(int ruleset, const char *path, uint64_t rights) {
    int descriptor = open(path, O_PATH | O_CLOEXEC);
    if (descriptor < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = descriptor};
    long done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    if (done != 0 && errno == EINVAL) {
        // A file, not a folder: only the rights that files have.
        rule.allowed_access = rights & FILE_RIGHTS;
        done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(descriptor);
    return done == 0 ? 0 : -1;
}

static int restrict_files(const char *directory, const char *const *readable, int version) {
    uint64_t handled = READ_RIGHTS | WRITE_RIGHTS;
    if (version >= 2) handled |= RIGHT_REFER;
    if (version >= 3) handled |= RIGHT_TRUNCATE;
    // The first member alone is what version 1 knew.
    uint64_t attribute = handled;
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attribute, sizeof attribute, 0);
    if (ruleset < 0) return -1;
    if (allow_path(ruleset, directory, handled) != 0) return -1;
    for (; *readable; readable++)
        if (allow_path(ruleset, *readable, READ_RIGHTS) != 0) return -1;
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) return -1;
    close(ruleset);
    return 0;
}

// Instructions: load a field; jump over `skip` instructions unless equal; return.
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, skip)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (uint32_t)(action))
#define REFUSE RETURN(SECCOMP_RET_ERRNO | EPERM)
#define NUMBER LOAD(offsetof(struct seccomp_data, nr))
#define ARGUMENT(index) LOAD(offsetof(struct seccomp_data, args[index]))
#define DENY(call) UNLESS(call, 1), REFUSE

static int restrict_calls(void) {
    uint32_t self = (uint32_t)getpid();
    struct sock_filter program[] = {
        LOAD(offsetof(struct seccomp_data, arch)),
        UNLESS(NATIVE_ARCHITECTURE, 1),
        BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        NUMBER,
#if defined(__x86_64__)
        // The x32 calls are the same calls by other numbers.
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        DENY(SYS_fork),
        DENY(SYS_vfork),
        DENY(SYS_chmod),
        DENY(SYS_chown),
        DENY(SYS_lchown),
        DENY(SYS_utime),
        DENY(SYS_utimes),
        DENY(SYS_futimesat),
        DENY(SYS_mknod),
#endif
        // Threads are clones that share the process; clone3 hides its flags, so the C library is told to use clone.
        UNLESS(SYS_clone3, 1),
        RETURN(SECCOMP_RET_ERRNO | ENOSYS),
        UNLESS(SYS_clone, 5),
        ARGUMENT(0),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, CLONE_THREAD),
        UNLESS(0, 1),
        REFUSE,
        NUMBER,
        // Signals to itself only; limits may be read, not set.
        UNLESS(SYS_kill, 4),
        ARGUMENT(0),
        UNLESS(self, 1),
        RETURN(SECCOMP_RET_ALLOW),
        REFUSE,
        UNLESS(SYS_tgkill, 4),
        ARGUMENT(0),
        UNLESS(self, 1),
        RETURN(SECCOMP_RET_ALLOW),
        REFUSE,
        UNLESS(SYS_prlimit64, 6),
        ARGUMENT(2),
        UNLESS(0, 3),
        LOAD(offsetof(struct seccomp_data, args[2]) + 4),
        UNLESS(0, 1),
        RETURN(SECCOMP_RET_ALLOW),
        REFUSE,
        DENY(SYS_setrlimit),
        DENY(SYS_tkill),
        DENY(SYS_rt_sigqueueinfo),
        DENY(SYS_rt_tgsigqueueinfo),
        DENY(SYS_pidfd_open),
        DENY(SYS_pidfd_send_signal),
        DENY(SYS_socket),
        DENY(SYS_socketpair),
        DENY(SYS_io_uring_setup),
        DENY(SYS_ptrace),
        DENY(SYS_process_vm_readv),
        DENY(SYS_process_vm_writev),
        DENY(SYS_fchmod),
        DENY(SYS_fchmodat),
        DENY(SYS_fchown),
        DENY(SYS_fchownat),
        DENY(SYS_utimensat),
        DENY(SYS_setxattr),
        DENY(SYS_lsetxattr),
        DENY(SYS_fsetxattr),
        DENY(SYS_removexattr),
        DENY(SYS_lremovexattr),
        DENY(SYS_fremovexattr),
        DENY(SYS_mknodat),
        DENY(SYS_unshare),
        DENY(SYS_setns),
        DENY(SYS_mount),
        DENY(SYS_umount2),
        DENY(SYS_pivot_root),
        DENY(SYS_chroot),
        DENY(SYS_bpf),
        DENY(SYS_perf_event_open),
        DENY(SYS_userfaultfd),
        DENY(SYS_keyctl),
        DENY(SYS_add_key),
        DENY(SYS_request_key),
        DENY(SYS_kexec_load),
        DENY(SYS_init_module),
        DENY(SYS_finit_module),
        DENY(SYS_delete_module),
        DENY(SYS_reboot),
        DENY(SYS_swapon),
        DENY(SYS_swapoff),
        DENY(SYS_sethostname),
        DENY(SYS_setdomainname),
        DENY(SYS_settimeofday),
        DENY(SYS_clock_settime),
        DENY(SYS_setpriority),
        DENY(SYS_sched_setscheduler),
        DENY(SYS_sched_setparam),
        DENY(SYS_ioprio_set),
        DENY(SYS_shmget),
        DENY(SYS_msgget),
        DENY(SYS_semget),
        DENY(SYS_mq_open),
        DENY(SYS_setuid),
        DENY(SYS_setgid),
        DENY(SYS_setresuid),
        DENY(SYS_setresgid),
        DENY(SYS_setgroups),
        DENY(SYS_capset),
        DENY(SYS_open_by_handle_at),
        RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static int limit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit value = {.rlim_cur = soft, .rlim_max = hard};
    return setrlimit(resource, &value);
}

static int restrict_resources(const struct sandbox_limits *limits) {
    return limit(RLIMIT_CPU, limits->cpu_seconds, limits->cpu_seconds + 1)
        || limit(RLIMIT_AS, limits->memory_bytes, limits->memory_bytes)
        || limit(RLIMIT_FSIZE, limits->file_bytes, limits->file_bytes)
        || limit(RLIMIT_NOFILE, limits->open_files, limits->open_files) || limit(RLIMIT_CORE, 0, 0)
        || limit(RLIMIT_MEMLOCK, 0, 0);
}

/// What the child tells its parent when a call failed.
struct complaint {
    int error;
    char step[24];
};

static void complain(int pipe_end, const char *step) {
    struct complaint complaint = {.error = errno};
    strncpy(complaint.step, step, sizeof complaint.step - 1);
    ssize_t written = write(pipe_end, &complaint, sizeof complaint);
    (void)written;
    _exit(127);
}

static void become(
    const char *const *argv, const char *directory, const char *const *readable, int output,
    const struct sandbox_limits *limits, int version, int pipe_end) {
    static const char *const environment[] = {
        "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=.", "TMPDIR=.", "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0",
        NULL,
    };
    signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (setsid() < 0) complain(pipe_end, "setsid");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) complain(pipe_end, "parent's death");
    int input = open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) complain(pipe_end, "output");
    if (chdir(directory) != 0) complain(pipe_end, "chdir");
    if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) complain(pipe_end, "close_range");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) complain(pipe_end, "no_new_privs");
    if (restrict_files(directory, readable, version) != 0) complain(pipe_end, "landlock");
    if (restrict_resources(limits) != 0) complain(pipe_end, "setrlimit");
    if (restrict_calls() != 0) complain(pipe_end, "seccomp");
    execve(argv[0], (char *const *)argv, (char *const *)environment);
    complain(pipe_end, "execve");
}

static void fail(struct sandbox_result *result, int error, const char *step) {
    result->outcome = SANDBOX_FAILED;
    result->detail = error;
    strncpy(result->step, step, sizeof result->step - 1);
}

/// Waits until the process ends or the time is over; true if it had to be killed.
static int wait_for(pid_t child, uint32_t milliseconds, int *status) {
    int descriptor = (int)syscall(SYS_pidfd_open, child, 0);
    int killed = 0;
    if (descriptor >= 0) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t end = now.tv_sec * 1000 + now.tv_nsec / 1000000 + milliseconds;
        int64_t left = milliseconds;
        struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
        while (left > 0 && poll(&wanted, 1, (int)left) < 0 && errno == EINTR) {
            clock_gettime(CLOCK_MONOTONIC, &now);
            left = end - (now.tv_sec * 1000 + now.tv_nsec / 1000000);
        }
        killed = (wanted.revents & POLLIN) == 0;
        close(descriptor);
    }
    if (killed || descriptor < 0) kill(child, SIGKILL);
    while (waitpid(child, status, 0) < 0 && errno == EINTR) {
    }
    return killed;
}

void sandbox_run(
    const char *const *argv, const char *directory, const char *const *readable, int output,
    const struct sandbox_limits *limits, struct sandbox_result *result) {
    memset(result, 0, sizeof *result);
    int version = sandbox_landlock_version();
    if (version == 0) return fail(result, ENOSYS, "landlock");
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return fail(result, errno, "pipe");
    pid_t child = fork();
    if (child < 0) {
        fail(result, errno, "fork");
        close(ends[0]);
        close(ends[1]);
        return;
    }
    if (child == 0) become(argv, directory, readable, output, limits, version, ends[1]);
    close(ends[1]);
    struct complaint complaint;
    ssize_t got;
    do got = read(ends[0], &complaint, sizeof complaint);
    while (got < 0 && errno == EINTR);
    close(ends[0]);
    int status = 0;
    int killed = wait_for(child, limits->wall_milliseconds, &status);
    if (got == (ssize_t)sizeof complaint) return fail(result, complaint.error, complaint.step);
    result->outcome = killed ? SANDBOX_TIMED_OUT : WIFEXITED(status) ? SANDBOX_EXITED : SANDBOX_SIGNALED;
    result->detail = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

#else

int sandbox_landlock_version(void) { return 0; }

void sandbox_run(
    const char *const *argv, const char *directory, const char *const *readable, int output,
    const struct sandbox_limits *limits, struct sandbox_result *result) {
    (void)argv, (void)directory, (void)readable, (void)output, (void)limits;
    memset(result, 0, sizeof *result);
    result->outcome = SANDBOX_FAILED;
    result->detail = ENOSYS;
    strncpy(result->step, "platform", sizeof result->step - 1);
}

#endif
