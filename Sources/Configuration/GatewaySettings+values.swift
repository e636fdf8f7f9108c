public import Access

/// A text that no description or log shows.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself.
    public let value: String

    /// Wraps a secret.
    public init(_ value: String) {
        self.value = value
    }

    /// `[secret]`, whatever the value.
    public var description: String { "[secret]" }
    /// `[secret]`, whatever the value.
    public var debugDescription: String { description }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a client may present as its key, and what the key may do.
public struct ClientKeySetting: Sendable, Hashable {
    /// How the key is given.
    public enum Form: Sendable, Hashable {
        /// The key itself.
        case key(Secret)
        /// The lower-case hexadecimal SHA-256 of the key.
        case sha256(String)
    }

    /// How the key is given.
    public var form: Form
    /// Its name, scopes and limits; nil for a key that may do everything.
    public var policy: KeyPolicy?

    /// The key itself.
    public static func key(_ key: Secret) -> ClientKeySetting { ClientKeySetting(form: .key(key)) }
    /// The lower-case hexadecimal SHA-256 of the key.
    public static func sha256(_ hash: String) -> ClientKeySetting { ClientKeySetting(form: .sha256(hash)) }
}

/// Where the keys are that `promptintern keys` makes, and what is assumed of their requests.
public struct KeysSetting: Sendable, Hashable {
    /// The SQLite file; `keys.sqlite` beside the ledger if it is not given. It is made with its first key.
    public var file: String?
    /// How many tokens of an answer are set aside for a request that does not say `max_tokens`.
    public var reserveTokens = 1024

    /// The defaults.
    public init() {}
}

/// A host and a port to listen on.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// `127.0.0.1:8080`.
    public static let defaultMain = ListenAddress(host: "127.0.0.1", port: 8080)
    /// `127.0.0.1:8081`.
    public static let defaultAdmin = ListenAddress(host: "127.0.0.1", port: 8081)

    /// A name or an address; an IPv6 address without brackets.
    public var host: String
    /// From 0 to 65535; 0 lets the system choose.
    public var port: Int

    /// An address.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`, with an IPv6 address in brackets; `nil` for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.count <= 5, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), port <= 65535
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }) else {
            return nil
        }
        self.init(host: String(host), port: port)
    }

    /// Whether only this machine can connect.
    public var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// `HOST:PORT`, with an IPv6 address in brackets.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
