import Foundation

/// What the file system says of a file's content: equal as long as nobody wrote to the file or put another in its
/// place.
struct FileStamp: Sendable, Hashable {
    let inode: UInt64
    let size: Int
    /// Seconds and nanoseconds of the last write, and of the last change of anything.
    let modified: [Int]
    let changed: [Int]

    init(_ status: stat) {
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }
}
