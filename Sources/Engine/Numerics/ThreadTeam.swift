// Unchecked sendability: the pool behind the pointer synchronises itself; the pointer never changes.

import CKernels

/// Threads that share out short pieces of work; between two calls they spin for some microseconds and then sleep.
@safe public final class ThreadTeam: @unchecked Sendable {
    /// Number of threads, the caller among them.
    public let threads: Int
    private let pool: OpaquePointer?

    /// The caller alone.
    public static let single = ThreadTeam(threads: 1)

    /// A team of `threads`, one of which is the caller of `run`; fewer when the system does not give them.
    public init(threads: Int) {
        unsafe pool = threads > 1 ? pi_pool_create(threads) : nil
        self.threads = unsafe pool == nil ? 1 : threads
    }

    deinit {
        if let pool = unsafe pool { unsafe pi_pool_destroy(pool) }
    }

    /// Calls `body` once for each part, on any of the threads; returns when all are done. While another caller uses
    /// the team, the parts run on the calling thread.
    public func run(parts: Int, _ body: (Int) -> Void) {
        guard parts > 1, let pool = unsafe pool else {
            for part in 0..<max(parts, 0) { body(part) }
            return
        }
        withoutActuallyEscaping(body) { body in
            var job = Job(body: body)
            unsafe withUnsafeMutablePointer(to: &job) { job in
                unsafe pi_pool_run(
                    pool, parts,
                    { context, part in unsafe context!.assumingMemoryBound(to: Job.self).pointee.body(part) },
                    job)
            }
        }
    }

    private struct Job {
        let body: (Int) -> Void
    }
}
