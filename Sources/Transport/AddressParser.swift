/// Takes a URL apart from left to right. Its errors never repeat the text, which might hold a password.
struct AddressParser {
    private var rest: Substring
    /// What the URL is, for error texts.
    private let subject: String

    init(_ url: String, of subject: String) {
        rest = url[...]
        self.subject = subject
    }

    /// Whether nothing is left but slashes.
    var isAtEnd: Bool {
        rest.allSatisfy { $0 == "/" }
    }

    func failure(_ problem: String) -> TransportError {
        TransportError(.badURL, context: "\(subject) \(problem)", wasSent: false)
    }

    mutating func scheme<Scheme: RawRepresentable & CaseIterable>() throws(TransportError) -> Scheme
    where Scheme.RawValue == String {
        guard let end = rest.firstRange(of: "://"), let scheme = Scheme(rawValue: rest[..<end.lowerBound].lowercased())
        else {
            throw failure("must start with " + Scheme.allCases.map { "\($0.rawValue)://" }.joined(separator: " or "))
        }
        rest = rest[end.upperBound...]
        return scheme
    }

    /// What stands before an `@`, if it is `user:password` in visible ASCII.
    mutating func credentials() -> String? {
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        guard let at = rest[..<end].lastIndex(of: "@") else { return nil }
        let text = rest[..<at]
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "@") }) else {
            return nil
        }
        rest = rest[rest.index(after: at)...]
        return String(text)
    }

    mutating func authority() throws(TransportError) -> (host: String, port: Int?) {
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        rest = rest[end...]
        guard !authority.contains("@") else {
            throw failure("must not hold a user name or password; set the key in the configuration instead")
        }
        guard let (hostText, portText) = Self.split(authority) else {
            throw failure("has a malformed host or port; write HOST or HOST:PORT, an IPv6 address in brackets")
        }
        guard Self.isHost(hostText) else { throw failure("needs a host name or address after ://") }
        guard let portText else { return (hostText.lowercased(), nil) }
        guard portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(portText),
            (1...65535).contains(port)
        else { throw failure("has a port that is not a number from 1 to 65535") }
        return (hostText.lowercased(), port)
    }

    mutating func pathPrefix() throws(TransportError) -> String {
        guard !rest.contains(where: { "?#".contains($0) }) else {
            throw failure("must end with its path; leave out the query and the fragment")
        }
        var path = rest
        while path.last == "/" { path.removeLast() }
        if !path.isEmpty, let problem = RequestPath.problem(of: String(path)) { throw failure(problem) }
        return String(path)
    }

    private static func split(_ authority: Substring) -> (Substring, Substring?)? {
        let hostEnd: Substring.Index
        if authority.first == "[" {
            guard let bracket = authority.firstIndex(of: "]") else { return nil }
            hostEnd = authority.index(after: bracket)
        } else {
            hostEnd = authority.firstIndex(of: ":") ?? authority.endIndex
        }
        let tail = authority[hostEnd...]
        if tail.isEmpty { return (authority[..<hostEnd], nil) }
        return tail.first == ":" ? (authority[..<hostEnd], tail.dropFirst()) : nil
    }

    private static func isHost(_ text: Substring) -> Bool {
        if text.first == "[" {
            let inside = text.dropFirst().dropLast()
            return inside.contains(":") && inside.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        return !text.isEmpty && text.count <= 253 && text.first != "-"
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
