import Foundation
import Synchronization

/// The right to write a ledger: an exclusive lock on a file beside it, which the system drops when the process dies.
final class LedgerLock: Sendable {
    private let descriptor: Mutex<Int32?>

    /// Takes the lock or says who holds it.
    init(ledger path: String) throws(LedgerError) {
        let lockPath = path + ".lock"
        let file = unsafe open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            let cause = unsafe String(cString: strerror(errno))
            throw LedgerError(
                .cannotOpen,
                "cannot write the ledger \(path): \(lockPath): \(cause). Create its folder, make it writable for this "
                    + "user, or name another file with --ledger.")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? String(contentsOfFile: lockPath, encoding: .utf8))?
                .trimmingCharacters(in: .whitespacesAndNewlines)
            close(file)
            let process = holder.flatMap { $0.isEmpty ? nil : " (process \($0))" } ?? ""
            throw LedgerError(
                .locked,
                "another gateway\(process) writes the ledger \(path). Stop it, or give this one its own file with "
                    + "--ledger.")
        }
        ftruncate(file, 0)
        let text = Array("\(getpid())\n".utf8)
        _ = unsafe text.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
        descriptor = Mutex(file)
    }

    /// Gives the lock back.
    func unlock() {
        descriptor.withLock { descriptor in
            if let file = descriptor { close(file) }
            descriptor = nil
        }
    }

    deinit { unlock() }
}
