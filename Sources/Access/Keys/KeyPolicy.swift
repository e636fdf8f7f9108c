public import Foundation

/// What a key is and may do; everything about it but its secret, its id and its history.
public struct KeyPolicy: Sendable, Hashable {
    /// The key's name: `[a-z0-9][a-z0-9._-]{0,63}`, its own for ever, since the ledger's rows carry it.
    public var name: String
    /// Whether it sees every key's savings.
    public var isAdmin: Bool
    /// The models that requests may name; nil for every one.
    public var models: [Glob]?
    /// The tasks that requests must belong to; nil for every one, and for requests of no task.
    public var tasks: [Glob]?
    /// When it ends, nil for never.
    public var expiry: Date?
    /// What it may use.
    public var limits: KeyLimits

    /// Makes a policy; without more than a name the key may do everything but see others' savings.
    public init(
        name: String, isAdmin: Bool = false, models: [Glob]? = nil, tasks: [Glob]? = nil, expiry: Date? = nil,
        limits: KeyLimits = KeyLimits()
    ) {
        self.name = name
        self.isAdmin = isAdmin
        self.models = models
        self.tasks = tasks
        self.expiry = expiry
        self.limits = limits
    }

    /// Whether the text can be a key's name.
    public static func isName(_ text: String) -> Bool {
        func isWord(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        guard let first = text.utf8.first, isWord(first), text.utf8.count <= 64 else { return false }
        return text.utf8.allSatisfy { isWord($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
    }

    func validate(now: Date) throws(AccessError) {
        guard Self.isName(name) else {
            throw AccessError(
                .invalid,
                "the name is not one a key can have: write 1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter "
                    + "or a digit")
        }
        if name.hasPrefix("key_") {
            throw AccessError(.invalid, "names that begin with 'key_' are those of keys without a name: choose another")
        }
        for (what, globs) in [("models", models), ("tasks", tasks)] {
            if let globs, globs.isEmpty { throw AccessError(.invalid, "\(what) is empty: name some, or leave it out") }
            if let globs, globs.count > 100 { throw AccessError(.invalid, "\(what) has more than 100 patterns") }
        }
        if let expiry, expiry <= now { throw AccessError(.invalid, "the expiry is in the past") }
        try limits.validate()
    }
}
