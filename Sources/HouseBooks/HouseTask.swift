import Randomness

/// The demo's task: one fixed book, and questions about it split by meaning.
public struct HouseTask: Sendable {
    /// Seed of the book that the shipped adapter has internalized.
    public static let bookSeed: UInt64 = 20_240_702

    /// The splits; no meaning occurs in two of them.
    public enum Split: String, Sendable, CaseIterable {
        case train
        case dev
        case test
    }

    /// The task's book.
    public let book: Book

    /// The task about the book of a seed.
    public init(bookSeed: UInt64 = Self.bookSeed, size: Book.Size = .full) {
        book = Book(seed: bookSeed, size: size)
    }

    /// `count` different questions of a split, the same ones for the same seed.
    public func questions(_ split: Split, count: Int, seed: UInt64 = 1) -> [Question] {
        var random = SplitMix64(seed: seed &* 1_000_003 &+ UInt64(Split.allCases.firstIndex(of: split) ?? 0))
        var seen: Set<String> = []
        var result: [Question] = []
        var attempts = 0
        while result.count < count && attempts < 1000 * count {
            attempts += 1
            let question = Question(about: book, random: &random)
            if Self.split(of: question.meaning) == split && seen.insert(question.text).inserted {
                result.append(question)
            }
        }
        return result
    }

    /// One question of the test split, chosen by number.
    public func heldOut(_ number: UInt64) -> Question {
        var random = SplitMix64(seed: 0xD3E0_0000 &+ number)
        while true {
            let question = Question(about: book, random: &random)
            if Self.split(of: question.meaning) == .test { return question }
        }
    }

    /// The split a meaning belongs to: by FNV-1a hash, 70 % train, 10 % dev, 20 % test.
    static func split(of meaning: String) -> Split {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in meaning.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        switch (hash >> 16) % 10 {
        case 0..<7: return .train
        case 7: return .dev
        default: return .test
        }
    }
}
