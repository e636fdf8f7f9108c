import CKernels
import Crypto

/// The first 64 KiB of a file of packed weights: everything that must hold for the rest to be used.
///
/// 32 bytes each, then zeros: the format's name and version, the SHA-256 of the arrangement and the shape, of the
/// sources' content, of the sources' stamps, and of the packed bytes. The last 32 bytes are the SHA-256 of all before.
struct PreparedHeader {
    /// Bytes of the header; packed weights begin on a page of any system.
    static let count = 64 << 10
    private static let name = Array("promptintern packed weights, 1\n\0".utf8)

    let shape: [UInt8]
    let sources: [UInt8]
    let stamps: [UInt8]
    let packed: [UInt8]

    init(shape: [UInt8], sources: [UInt8], stamps: [UInt8], packed: [UInt8]) {
        self.shape = shape
        self.sources = sources
        self.stamps = stamps
        self.packed = packed
    }

    /// Reads a header; nil unless every byte is what this format writes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.count else { return nil }
        func field(_ number: Int) -> [UInt8] { Array(bytes[number * 32..<(number + 1) * 32]) }
        self.init(shape: field(1), sources: field(2), stamps: field(3), packed: field(4))
        guard self.bytes == bytes else { return nil }
    }

    /// The header as it is written.
    var bytes: [UInt8] {
        var bytes = Self.name + shape + sources + stamps + packed
        bytes += [UInt8](repeating: 0, count: Self.count - 32 - bytes.count)
        return bytes + SHA256.hash(data: bytes)
    }
}

extension PackedPlaces {
    /// The SHA-256 of everything that says where which weight lies in the packed bytes, and how it is rounded.
    func digest(_ layout: ModelLayout) -> [UInt8] {
        var text = "arrangement \(pi_arrangement), bytes \(count)\n"
        for entry in layout.entries { text += "\(entry.name) \(entry.shape) \(entry.range)\n" }
        for place in layers.flatMap({ $0 }) + [embedding, head] {
            text += "\(place.offset) \(place.outputs) \(place.inputs) \(place.precision) \(place.sources)\n"
        }
        return Array(SHA256.hash(data: Array(text.utf8)))
    }
}

extension Checkpoint {
    /// The SHA-256 of the names and the bytes of the files with weights.
    var contentDigest: [UInt8] {
        var hash = SHA256()
        for file in files {
            hash.update(data: Array(file.name.utf8) + [0])
            hash.update(data: Array(file.digest()))
        }
        return Array(hash.finalize())
    }

    /// The SHA-256 of what the file system said of these files when they were opened.
    var stampDigest: [UInt8] {
        let text = files.map {
            "\($0.name) \($0.stamp.inode) \($0.stamp.size) \($0.stamp.modified) \($0.stamp.changed)\n"
        }
        return Array(SHA256.hash(data: Array(text.joined().utf8)))
    }
}
