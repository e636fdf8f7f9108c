/// The checked base URL of an upstream: scheme, host, port and path prefix, and nothing else.
public struct UpstreamEndpoint: Sendable, Hashable {
    /// The schemes an upstream may have.
    public enum Scheme: String, Sendable, CaseIterable {
        /// Plain HTTP.
        case http
        /// HTTP over TLS, with verification always on.
        case https
    }

    /// The scheme.
    public let scheme: Scheme
    /// The host in lower case; an IPv6 address stands in brackets.
    public let host: String
    /// The port, if the URL names one.
    public let port: Int?
    /// The path in front of every request's path, without a slash at its end; often empty or `/v1`.
    public let pathPrefix: String
    /// `scheme://host[:port]`.
    public let origin: String

    /// The base URL in its normal form.
    public var baseURL: String { origin + pathPrefix }

    /// Parses a base URL such as `https://api.example.com/v1`; throws `.badURL` that says what is wrong with it.
    public init(_ url: String) throws(TransportError) {
        var parser = EndpointParser(url)
        scheme = try parser.scheme()
        (host, port) = try parser.authority()
        pathPrefix = try parser.pathPrefix()
        origin = "\(scheme.rawValue)://\(host)" + (port.map { ":\($0)" } ?? "")
    }
}

extension UpstreamEndpoint: CustomStringConvertible {
    /// The base URL.
    public var description: String { baseURL }
}

/// Takes a base URL apart from left to right. Its errors never repeat the text, which might hold a password.
private struct EndpointParser {
    private var rest: Substring

    init(_ url: String) {
        rest = url[...]
    }

    private func failure(_ problem: String) -> TransportError {
        TransportError(.badURL, context: "The upstream's base URL \(problem)", wasSent: false)
    }

    mutating func scheme() throws(TransportError) -> UpstreamEndpoint.Scheme {
        guard let end = rest.firstRange(of: "://"),
            let scheme = UpstreamEndpoint.Scheme(rawValue: rest[..<end.lowerBound].lowercased())
        else { throw failure("must start with http:// or https://") }
        rest = rest[end.upperBound...]
        return scheme
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
