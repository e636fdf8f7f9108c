import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Random words from the system, fetched many at a time: one system call serves a hundred ids.
final class RandomWords: Sendable {
    static let shared = RandomWords()

    private let words = Mutex<[UInt64]>([])

    /// A word that was not given out before.
    func next() -> UInt64 {
        words.withLock { words in
            if words.isEmpty { words = Self.fetch() }
            return words.removeLast()
        }
    }

    private static func fetch() -> [UInt64] {
        var fetched = [UInt64](repeating: 0, count: 256)
        #if canImport(Glibc)
            unsafe fetched.withUnsafeMutableBytes { unsafe arc4random_buf($0.baseAddress!, $0.count) }
        #else
            var generator = SystemRandomNumberGenerator()
            for index in fetched.indices { fetched[index] = generator.next() }
        #endif
        return fetched
    }
}
