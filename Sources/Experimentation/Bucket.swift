import Crypto

/// A sticky key's place among 10,000, fixed by the task's name and the key alone.
///
/// The number is the first eight bytes, read as one big-endian unsigned integer, of
/// `SHA-256(UTF-8 of the task's name, one zero byte, UTF-8 of the sticky key)`, modulo 10,000. In Python:
///
///     int.from_bytes(hashlib.sha256(task.encode() + b"\0" + key.encode()).digest()[:8], "big") % 10_000
///
/// A canary of N percent takes the buckets below 100 N, so raising N only adds keys.
public struct Bucket: Sendable, Hashable {
    /// How many buckets there are.
    public static let count = 10_000

    /// The number, from 0 to 9,999.
    public let number: Int

    /// The bucket of a sticky key within a task.
    public init(task: String, key: String) {
        var hash = SHA256()
        hash.update(data: Array(task.utf8))
        hash.update(data: [0 as UInt8])
        hash.update(data: Array(key.utf8))
        let leading = hash.finalize().prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        number = Int(leading % UInt64(Self.count))
    }

    /// The bucket of this number, reduced modulo 10,000.
    public init(number: Int) {
        let remainder = number % Self.count
        self.number = remainder < 0 ? remainder + Self.count : remainder
    }
}
