import Foundation

/// A regular file open for reading at given offsets; closed when the value goes out of scope.
struct InputFile: ~Copyable {
    let path: String
    let size: Int
    let stamp: FileStamp
    private let descriptor: Int32

    /// Opens a regular file; a pipe, a device or a folder is refused without blocking.
    init(path: String) throws(EngineError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.failure(path) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let failure = Self.failure(path)
            close(descriptor)
            throw failure
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .unreadable(file: path, reason: "it is not a regular file")
        }
        self.path = path
        self.descriptor = descriptor
        size = Int(status.st_size)
        stamp = FileStamp(status)
    }

    deinit {
        close(descriptor)
    }

    /// The bytes of a range of the file.
    func bytes(_ range: Range<Int>) throws(EngineError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        try read(from: range.lowerBound, into: &bytes, at: 0, count: range.count)
        return bytes
    }

    /// Maps the whole file, which is not empty; the mapping outlives this value. `MAP_FAILED` when the system refuses.
    func map() -> UnsafeMutableRawPointer? {
        unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    }

    /// Maps `count` bytes from `offset` on, a multiple of 64 KiB; nil when the system refuses.
    func memory(offset: Int, count: Int) -> AlignedMemory? {
        precondition(offset >= 0 && count > 0 && offset + count <= size)
        return AlignedMemory(descriptor: descriptor, offset: offset, count: count)
    }

    /// Fills `count` elements from `index` on with the file's bytes from `offset` on, as they lie there.
    func read<Element: BitwiseCopyable>(
        from offset: Int, into buffer: inout [Element], at index: Int, count: Int
    ) throws(EngineError) {
        precondition(index >= 0 && count >= 0 && buffer.count >= index + count)
        let wanted = count * MemoryLayout<Element>.stride
        let path = path
        let descriptor = descriptor
        let failure: EngineError? = unsafe buffer.withUnsafeMutableBytes { raw in
            var done = 0
            while done < wanted {
                let start = unsafe raw.baseAddress! + index * MemoryLayout<Element>.stride + done
                let got = unsafe pread(descriptor, start, min(wanted - done, 1 << 30), off_t(offset + done))
                if got > 0 {
                    done += got
                } else if got == 0 {
                    return .unreadable(file: path, reason: "it ended at byte \(offset + done) while being read")
                } else if errno != EINTR {
                    return Self.failure(path)
                }
            }
            return nil
        }
        if let failure { throw failure }
    }

    private static func failure(_ path: String) -> EngineError {
        .unreadable(file: path, reason: SystemFailure.text(errno))
    }
}

/// The operating system's words for an error number.
enum SystemFailure {
    static func text(_ number: Int32) -> String {
        unsafe String(cString: strerror(number))
    }
}
