import Foundation

/// The process's table of open files, made as large as the gateway may need before anybody waits for it.
///
/// Linux lets the table of a process with several threads grow only after all processors have passed a point of rest:
/// on the loop that accepts the 65th, 129th, 257th … descriptor that took 10 to 20 ms.
enum FileDescriptors {
    /// A client's connection and one to an upstream each, and what the process has open besides.
    static func needed(for connections: Int) -> Int { 2 * connections + 256 }

    /// Raises the soft limit to `count`, as far as the hard one allows, and makes the table that large.
    static func reserve(_ count: Int) {
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(kind, &limit) == 0 else { return }
        if limit.rlim_cur < rlim_t(count) {
            var raised = limit
            raised.rlim_cur = min(limit.rlim_max, rlim_t(count))
            if unsafe setrlimit(kind, &raised) == 0 { limit = raised }
        }
        let allowed = Int(clamping: limit.rlim_cur)
        let copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, Int32(min(count, allowed) - 1))
        if copy >= 0 { close(copy) }
    }
}
