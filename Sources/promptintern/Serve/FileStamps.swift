import Engine
import Foundation

/// What the file system says of files, to know cheaply whether they were changed since.
struct FileStamps: Sendable, Hashable {
    private struct Stamp: Hashable {
        let device: Int
        let inode: Int
        let size: Int
        let modified: Date
    }

    private let stamps: [String: Stamp]

    /// The stamps of all files directly in a folder, but for those that this program makes of the others.
    init(folder: String) {
        var stamps: [String: Stamp] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where !name.hasSuffix(PreparedWeights.suffix) && !name.hasSuffix(AtomicFile.suffix) {
            let path = folder + "/" + name
            // What a link points to is what counts.
            let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: target),
                attributes[.type] as? FileAttributeType == .typeRegular
            else { continue }
            stamps[path] = Stamp(
                device: attributes[.systemNumber] as? Int ?? 0, inode: attributes[.systemFileNumber] as? Int ?? 0,
                size: attributes[.size] as? Int ?? 0,
                modified: attributes[.modificationDate] as? Date ?? .distantPast)
        }
        self.stamps = stamps
    }
}
