import CSandbox
import Foundation

/// Runs Python programs that nobody has read: each in a process without network, children, other people's files or
/// endless resources.
///
/// Linux with Landlock (5.13 or later) and seccomp; no privileges are needed. Where they are missing nothing is run.
/// Not isolated: reading below `/usr`, `/lib`, `/bin` and the interpreter's own folder, the clock, and how busy the
/// machine is.
public struct PythonSandbox: Sendable {
    /// What one program may use.
    public struct Limits: Sendable, Equatable {
        /// Processor time, seconds.
        public var cpuSeconds = 5
        /// Time on the clock, seconds.
        public var wallSeconds = 20
        /// Address space, bytes.
        public var memoryBytes = 1 << 30
        /// Size of a file it writes, bytes.
        public var fileBytes = 1 << 20
        /// Files open at once.
        public var openFiles = 64

        /// The standard limits.
        public init() {}
    }

    /// How a program ended.
    public enum Outcome: Sendable, Equatable {
        /// By itself, with this exit status.
        case exited(Int)
        /// By a signal, such as the one at the limit of processor time or file size.
        case signaled(Int)
        /// Killed at the limit of time on the clock.
        case timedOut
    }

    /// The interpreter.
    public let python: String
    /// What each program may use.
    public let limits: Limits
    private let readable: [String]

    /// A sandbox with the given interpreter.
    ///
    /// - Throws: `InternalizationError.file` when there is no such interpreter, `setting` when this machine cannot
    ///   isolate programs.
    public init(python: String = "/usr/bin/python3", limits: Limits = Limits()) throws(InternalizationError) {
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw .file(path: python, reason: "is not a program; name a Python interpreter by its whole path")
        }
        guard sandbox_landlock_version() > 0 else {
            throw .setting(
                "programs cannot be isolated here: that needs Linux 5.13 or later with Landlock switched on")
        }
        self.python = python
        self.limits = limits
        let home = URL(fileURLWithPath: python).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().path
        readable =
            ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom"]
            + (home == "/" ? [] : [home])
    }

    /// Runs a program's text in an empty folder of its own, which is removed afterwards.
    public func run(_ program: String) throws(InternalizationError) -> Outcome {
        let folder = FileManager.default.temporaryDirectory.path + "/promptintern-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try Data(program.utf8).write(to: URL(fileURLWithPath: folder + "/program.py"))
        } catch {
            throw .file(path: folder, reason: "cannot be written: \(error.localizedDescription)")
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try start([python, "-I", "-B", "program.py"], in: folder)
    }

    private func start(_ arguments: [String], in folder: String) throws(InternalizationError) -> Outcome {
        var result = sandbox_result()
        var own = sandbox_limits(
            cpu_seconds: UInt32(limits.cpuSeconds), wall_milliseconds: UInt32(limits.wallSeconds * 1_000),
            memory_bytes: UInt64(limits.memoryBytes), file_bytes: UInt64(limits.fileBytes),
            open_files: UInt32(limits.openFiles))
        guard let output = FileHandle(forWritingAtPath: "/dev/null") else {
            throw .file(path: "/dev/null", reason: "cannot be opened")
        }
        unsafe withCStrings(arguments) { arguments in
            unsafe withCStrings(readable) { readable in
                unsafe sandbox_run(arguments, folder, readable, output.fileDescriptor, &own, &result)
            }
        }
        try? output.close()
        switch result.outcome {
        case SANDBOX_EXITED: return .exited(Int(result.detail))
        case SANDBOX_SIGNALED: return .signaled(Int(result.detail))
        case SANDBOX_TIMED_OUT: return .timedOut
        default:
            let step = unsafe withUnsafeBytes(of: result.step) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let reason = unsafe String(cString: strerror(result.detail))
            throw .setting("a program cannot be isolated: \(step): \(reason)")
        }
    }
}

/// Calls `body` with a list of C strings that ends in NULL.
private func withCStrings(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Void) {
    let copies = unsafe texts.map { unsafe strdup($0) }
    defer { unsafe copies.forEach { unsafe free($0) } }
    let list = unsafe copies.map { unsafe $0.map { unsafe UnsafePointer($0) } } + [nil]
    unsafe list.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
}
