// Unchecked sendability: the mapping is read-only, and stays until the last reference to it goes.

import Crypto
import Foundation

/// A regular file's bytes, mapped into memory read-only; unmapped when the last reference goes.
///
/// The file may be replaced or removed while it is mapped, as atomic writers do; it must not be cut short in place.
@safe final class FileMapping: @unchecked Sendable {
    /// Number of bytes.
    let count: Int
    /// What the file system says of the file's content.
    let stamp: FileStamp
    /// The path it was opened with.
    let path: String
    private let start: UnsafeMutableRawPointer?

    /// Maps a regular file; a pipe, a device or a folder is refused without blocking.
    init(path: String) throws(EngineError) {
        let file = try InputFile(path: path)
        self.path = path
        count = file.size
        stamp = file.stamp
        guard count > 0 else {
            unsafe start = nil
            return
        }
        guard let mapped = unsafe file.map(), unsafe mapped != MAP_FAILED else {
            throw .unreadable(file: path, reason: "cannot be mapped: \(SystemFailure.text(errno))")
        }
        unsafe start = mapped
    }

    deinit {
        if let start = unsafe start { _ = unsafe munmap(start, count) }
    }

    /// The bytes of a range of the file, copied.
    func bytes(_ range: Range<Int>) -> [UInt8] {
        unsafe withBytes(range) { bytes in unsafe Array(bytes) }
    }

    /// Calls the body with the bytes of a range of the file.
    func withBytes<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe body(
            UnsafeRawBufferPointer(start: start.map { unsafe $0 + range.lowerBound }, count: range.count))
    }

    /// The SHA-256 of all bytes; pages go back to the system as soon as they are hashed.
    func digest() -> SHA256Digest {
        var hash = SHA256()
        for start in stride(from: 0, to: count, by: 4 << 20) {
            let piece = start..<min(start + 4 << 20, count)
            unsafe withBytes(piece) { bytes in unsafe hash.update(bufferPointer: bytes) }
            release(piece)
        }
        return hash.finalize()
    }

    /// Lets the system take back the memory of whole pages in a range; they are read again when they are needed.
    func release(_ range: Range<Int>) {
        let page = 16_384
        let first = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound / page * page
        guard let start = unsafe start, end > first else { return }
        _ = unsafe madvise(start + first, end - first, MADV_DONTNEED)
    }
}
