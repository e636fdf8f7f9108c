import Randomness

/// One company's conventions: which code belongs to which function, branch, account and month.
///
/// A code is four digits and stands directly behind its name, in the book and in a formula. The first two digits are
/// different for every entry of a book.
public struct Book: Sendable, Equatable {
    /// A name, its code and the remark that the book prints behind it.
    public struct Entry: Sendable, Equatable {
        /// The name, such as "Harlow".
        public let name: String
        /// Four digits.
        public let code: String
        /// What the book says about the entry; may be empty.
        public let note: String

        /// The name with its code, as a formula writes it.
        public var reference: String { name + code }
    }

    /// How many entries of each kind a book has, and whether it explains itself.
    public struct Size: Sendable, Equatable {
        /// Entries of each kind.
        public let functions: Int
        /// Number of branches.
        public let branches: Int
        /// Number of accounts.
        public let accounts: Int
        /// Number of months.
        public let months: Int
        /// False: tables only, without the rules and remarks; for the first lessons of the base model.
        public let isExplained: Bool

        /// A size of 1...8 functions, 2...64 branches, 1...48 accounts and 2...12 months.
        public init(functions: Int, branches: Int, accounts: Int, months: Int, isExplained: Bool) {
            self.functions = functions
            self.branches = branches
            self.accounts = accounts
            self.months = months
            self.isExplained = isExplained
        }

        /// The size of the demo's book.
        public static let full = Size(functions: 8, branches: 12, accounts: 12, months: 12, isExplained: true)
    }

    /// The company.
    public let house: String
    /// The entries of each kind, in the order of the book.
    public let functions: [Entry]
    /// The branches.
    public let branches: [Entry]
    /// The accounts.
    public let accounts: [Entry]
    /// The months.
    public let months: [Entry]
    /// The size the book was made with.
    public let size: Size

    /// The book that belongs to a seed.
    public init(seed: UInt64, size: Size = .full) {
        var random = SplitMix64(seed: seed)
        let count = size.functions + size.branches + size.accounts + size.months
        var heads = random.choose(count, of: Array(0..<100))
        func code() -> String {
            twoDigits(heads.removeLast()) + twoDigits(random.below(100))
        }
        self.size = size
        house = random.pick(Vocabulary.houses)
        let chosen = random.choose(size.functions, of: Array(Vocabulary.functions.indices)).sorted()
        functions = chosen.map { index in
            let function = Vocabulary.functions[index]
            return Entry(name: function.name, code: code(), note: function.use)
        }
        branches = random.choose(size.branches, of: Vocabulary.branches).map { name in
            Entry(name: name, code: code(), note: random.pick(Vocabulary.desks))
        }
        accounts = random.choose(size.accounts, of: Vocabulary.accounts).map { name in
            Entry(name: name, code: code(), note: random.pick(Vocabulary.ledgers))
        }
        months = random.choose(size.months, of: Array(Vocabulary.months.indices)).sorted().map { index in
            Entry(name: Vocabulary.months[index], code: code(), note: "")
        }
    }
}

private func twoDigits(_ value: Int) -> String {
    value < 10 ? "0\(value)" : "\(value)"
}
