import Foundation

/// A file that appears under its name only when it is complete and on disk.
///
/// The bytes go to a temporary file beside it; `commit` syncs that file, renames it and syncs the folder. A value
/// that goes out of scope uncommitted leaves nothing behind; what a killed process left of the same file is removed
/// when the file is written the next time. A temporary file is locked as long as somebody writes it.
public struct AtomicFile: ~Copyable {
    /// The end of temporary files' names.
    public static let suffix = ".partial"

    private let path: String
    private let temporaryPath: String
    private let descriptor: Int32
    private var isCommitted = false

    /// Creates the temporary file with these permissions; the folder must exist.
    public init(path: String, mode: UInt32 = 0o644) throws(EngineError) {
        Self.removeLeftovers(of: path)
        self.path = path
        temporaryPath = "\(path).\(getpid()).\(UInt64.random(in: .min ... .max))\(Self.suffix)"
        descriptor = unsafe open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            isCommitted = true
            throw .unreadable(file: path, reason: "cannot be created: \(SystemFailure.text(errno))")
        }
        // Where files cannot be locked, nobody takes this one for a leftover either.
        _ = flock(descriptor, LOCK_EX | LOCK_NB)
    }

    /// Seconds for which a temporary file is left alone even if it is not locked: its writer may just have made it.
    private static let patience = 60

    /// Removes temporary files of the same file that nobody writes any more.
    private static func removeLeftovers(of path: String) {
        let file = URL(fileURLWithPath: path)
        let folder = file.deletingLastPathComponent()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where name.hasPrefix(file.lastPathComponent + ".") && name.hasSuffix(suffix) {
            // What others write beside it has no two numbers in its name.
            let middle = name.dropFirst(file.lastPathComponent.count + 1).dropLast(suffix.count).split(separator: ".")
            guard middle.count == 2, middle.allSatisfy({ UInt64($0) != nil }) else { continue }
            let leftover = folder.appending(path: name).path
            let descriptor = unsafe open(leftover, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                status.st_mtim.tv_sec < time(nil) - patience, flock(descriptor, LOCK_EX | LOCK_NB) == 0
            else { continue }
            _ = unsafe unlink(leftover)
        }
    }

    deinit {
        close(descriptor)
        if !isCommitted { _ = unsafe unlink(temporaryPath) }
    }

    /// Appends the elements' bytes as they lie in memory.
    public mutating func write<Element: BitwiseCopyable>(_ elements: Span<Element>) throws(EngineError) {
        let path = path
        let descriptor = descriptor
        let failure: EngineError? = unsafe elements.withUnsafeBytes { raw in
            var done = 0
            while done < raw.count {
                let put = unsafe Foundation.write(descriptor, raw.baseAddress! + done, min(raw.count - done, 1 << 30))
                if put >= 0 {
                    done += put
                } else if errno != EINTR {
                    return .unreadable(file: path, reason: "cannot be written: \(SystemFailure.text(errno))")
                }
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// Appends bytes.
    public mutating func write(_ bytes: [UInt8]) throws(EngineError) {
        try write(bytes.span)
    }

    /// Makes the file appear under its name, durably.
    public consuming func commit() throws(EngineError) {
        guard fsync(descriptor) == 0 else {
            throw .unreadable(file: path, reason: "cannot be synced: \(SystemFailure.text(errno))")
        }
        guard unsafe rename(temporaryPath, path) == 0 else {
            throw .unreadable(file: path, reason: "cannot be renamed into place: \(SystemFailure.text(errno))")
        }
        isCommitted = true
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let directory = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        _ = fsync(directory)
        close(directory)
    }
}
