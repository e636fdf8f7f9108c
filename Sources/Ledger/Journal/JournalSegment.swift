// Unchecked sendability: the mapping is written under the journal's lock only, and read by others only below the tail
// that they were given under that lock.
import Foundation

/// A preallocated file of the journal, mapped into memory and shared with the page cache, which outlives the process.
@safe final class JournalSegment: @unchecked Sendable {
    static let headerBytes = 64
    static let frameBytes = 12
    /// `MADV_POPULATE_WRITE`, which not every header names.
    private static let populateForWriting: Int32 = 23
    private static let magic: UInt64 = 0x316C_6E72_756F_6A49

    let path: String
    let size: Int
    private let descriptor: Int32
    private let base: UnsafeMutableRawPointer
    private(set) var sequence: UInt64 = 0

    /// Makes the file with all its blocks, so that no later write to it can run out of space.
    init(making path: String, size: Int) throws(LedgerError) {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw LedgerError(errno: errno, path: path) }
        let code = posix_fallocate(file, 0, size)
        guard code == 0 else {
            close(file)
            unsafe unlink(path)
            throw LedgerError(errno: code, path: path)
        }
        let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            let code = errno
            close(file)
            unsafe unlink(path)
            throw LedgerError(errno: code, path: path)
        }
        // The first write to a page costs more than a row: whoever makes segments pays it. Older kernels refuse.
        _ = unsafe madvise(memory, size, Self.populateForWriting)
        self.path = path
        self.size = size
        descriptor = file
        unsafe base = memory
    }

    deinit {
        unsafe munmap(base, size)
        close(descriptor)
    }

    /// Begins a new use of the segment: what is left from an earlier one no longer passes its checksums.
    func begin(sequence: UInt64) {
        self.sequence = sequence
        unsafe base.storeBytes(of: Self.magic, as: UInt64.self)
        unsafe base.storeBytes(of: sequence.littleEndian, toByteOffset: 8, as: UInt64.self)
        unsafe base.storeBytes(of: UInt64(size).littleEndian, toByteOffset: 16, as: UInt64.self)
        let sum = unsafe JournalChecksum.of(UnsafeRawBufferPointer(start: base, count: 24))
        unsafe base.storeBytes(of: sum.littleEndian, toByteOffset: 24, as: UInt64.self)
    }

    /// Puts a record at its place; the caller has checked that it fits.
    @inline(__always)
    func write(_ record: [UInt8], checksum: UInt64, at offset: Int) {
        let placed = JournalChecksum.placed(checksum, sequence: sequence, offset: offset)
        let place = unsafe base + offset
        unsafe record.withUnsafeBytes { bytes in
            unsafe (place + Self.frameBytes).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
        }
        unsafe place.storeBytes(of: placed.littleEndian, toByteOffset: 4, as: UInt64.self)
        unsafe place.storeBytes(of: UInt32(record.count).littleEndian, as: UInt32.self)
    }

    /// The bytes, of which only those below the journal's tail may be read.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: size) }

    /// Returns when what was written is on the disk; false if the disk refused.
    func sync() -> Bool { fdatasync(descriptor) == 0 }

    /// Brings the file's blocks and its name to the disk.
    func syncFile() {
        fsync(descriptor)
        let folder = (path as NSString).deletingLastPathComponent
        let directory = unsafe open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    /// Takes the file away.
    func remove() { unsafe unlink(path) }

    /// The sequence number that a segment's header tells; nil if it is none.
    static func sequence(of bytes: UnsafeRawBufferPointer) -> UInt64? {
        guard bytes.count >= headerBytes, unsafe bytes.load(as: UInt64.self) == magic else { return nil }
        let sum = unsafe JournalChecksum.of(UnsafeRawBufferPointer(rebasing: bytes[0..<24]))
        guard UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)) == sum else {
            return nil
        }
        return UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
}
