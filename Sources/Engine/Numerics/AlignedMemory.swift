// Unchecked sendability: who fills the memory does so before sharing it, or is the only one that holds it.

import Glibc

/// A zeroed, page-aligned piece of memory that is given back with its owner; or a file mapped read-only.
@safe final class AlignedMemory: @unchecked Sendable {
    let count: Int
    let base: UnsafeMutableRawPointer
    private let isFile: Bool

    /// Memory of `count` bytes, in huge pages where the system has them. Stops the program when there is none, as
    /// an array does.
    init(count: Int) {
        let pages = max((count + 4095) / 4096 * 4096, 4096)
        let memory = unsafe mmap(nil, pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            fatalError("no memory for \(count) bytes of weights or activations")
        }
        if pages >= 4 << 20 { unsafe madvise(memory, pages, MADV_HUGEPAGE) }
        self.count = pages
        isFile = false
        unsafe base = memory
    }

    /// A piece of the open file, read-only; nil when it cannot be mapped.
    init?(descriptor: Int32, offset: Int, count: Int) {
        guard count > 0 else { return nil }
        let memory = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, offset)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return nil }
        self.count = count
        isFile = true
        unsafe base = memory
    }

    /// Lets the system take back a file's pages, which are read again when they are needed; nothing for other memory.
    func release() {
        if isFile { unsafe madvise(base, count, MADV_DONTNEED) }
    }

    deinit {
        unsafe munmap(base, count)
    }
}
