/// The checked address of a proxy: `http://`, `https://` or `socks5://`, host, port, and credentials if it wants some.
///
/// Its descriptions leave the credentials out.
public struct ProxyAddress: Sendable, Hashable {
    /// What the proxy speaks.
    public enum Scheme: String, Sendable, CaseIterable {
        /// Plain HTTP: requests to `http` upstreams are passed through it, connections to `https` ones tunnelled.
        case http
        /// The same, over TLS to the proxy.
        case https
        /// SOCKS 5; the proxy resolves the upstream's name.
        case socks5
    }

    /// The scheme.
    public let scheme: Scheme
    /// The host in lower case; an IPv6 address stands in brackets.
    public let host: String
    /// The port.
    public let port: Int
    /// `user:password`, percent-encoded as it was given.
    let credentials: String?

    /// Parses an address such as `http://proxy.example:3128`; throws `.badURL` that says what is wrong with it.
    public init(_ url: String) throws(TransportError) {
        var parser = AddressParser(url, of: "The proxy's address")
        scheme = try parser.scheme()
        credentials = parser.credentials()
        let (host, port) = try parser.authority()
        guard let port else { throw parser.failure("needs a port, such as :3128") }
        guard parser.isAtEnd else { throw parser.failure("must end with the port") }
        (self.host, self.port) = (host, port)
    }

    /// The address without its credentials.
    public var url: String { "\(scheme.rawValue)://\(host):\(port)" }

    /// What libcurl is given.
    var fullURL: String {
        let shown = scheme == .socks5 ? "socks5h" : scheme.rawValue
        return "\(shown)://\(credentials.map { "\($0)@" } ?? "")\(host):\(port)"
    }
}

extension ProxyAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The address without its credentials.
    public var description: String { url }
    /// The address without its credentials.
    public var debugDescription: String { url }
    /// No parts: they would show the credentials.
    public var customMirror: Mirror { Mirror(self, children: ["url": url]) }
}
