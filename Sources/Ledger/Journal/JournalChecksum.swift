/// XXH64 (Yann Collet's specification): 64 bits that tell a whole record from a torn or stale one, at memory speed.
enum JournalChecksum {
    private static let primes: (UInt64, UInt64, UInt64, UInt64, UInt64) = (
        0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
        0x27D4_EB2F_1656_67C5
    )

    /// The checksum of the bytes.
    @inline(__always)
    static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        var offset = 0
        let count = bytes.count
        var hash: UInt64
        if count >= 32 {
            var (a, b) = (seed &+ primes.0 &+ primes.1, seed &+ primes.1)
            var (c, d) = (seed, seed &- primes.0)
            while offset &+ 32 <= count {
                a = round(a, unsafe word(bytes, offset))
                b = round(b, unsafe word(bytes, offset &+ 8))
                c = round(c, unsafe word(bytes, offset &+ 16))
                d = round(d, unsafe word(bytes, offset &+ 24))
                offset &+= 32
            }
            hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
            hash = merge(merge(merge(merge(hash, a), b), c), d)
        } else {
            hash = seed &+ primes.4
        }
        hash &+= UInt64(truncatingIfNeeded: count)
        while offset &+ 8 <= count {
            hash = rotate(hash ^ round(0, unsafe word(bytes, offset)), 27) &* primes.0 &+ primes.3
            offset &+= 8
        }
        if offset &+ 4 <= count {
            let half = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            hash = rotate(hash ^ UInt64(half) &* primes.0, 23) &* primes.1 &+ primes.2
            offset &+= 4
        }
        while offset < count {
            hash = rotate(hash ^ UInt64(unsafe bytes[offset]) &* primes.4, 11) &* primes.0
            offset &+= 1
        }
        return finish(hash)
    }

    /// A record's checksum at its place: one that was written there in an earlier use of the segment does not pass.
    @inline(__always)
    static func placed(_ checksum: UInt64, sequence: UInt64, offset: Int) -> UInt64 {
        checksum ^ finish(sequence &* primes.0 &+ UInt64(truncatingIfNeeded: offset) &* primes.1)
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        value &<< bits | value &>> (64 &- bits)
    }

    @inline(__always)
    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* primes.1, 31) &* primes.0
    }

    @inline(__always)
    private static func merge(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
        (hash ^ round(0, lane)) &* primes.0 &+ primes.3
    }

    @inline(__always)
    private static func finish(_ value: UInt64) -> UInt64 {
        var hash = value
        hash = (hash ^ hash &>> 33) &* primes.1
        hash = (hash ^ hash &>> 29) &* primes.2
        return hash ^ hash &>> 32
    }
}
