import Synchronization

/// The checked base URL of an upstream (scheme, host, port and path prefix, and nothing else), and how it is connected to.
///
/// Make one per upstream and keep it: what the transport prepares for an endpoint is found again by the value that was
/// made, and by its copies.
public struct UpstreamEndpoint: Sendable, Hashable {
    /// The schemes an upstream may have.
    public enum Scheme: String, Sendable, CaseIterable {
        /// Plain HTTP.
        case http
        /// HTTP over TLS, with verification always on.
        case https
    }

    let parts: EndpointParts

    /// Parses a base URL such as `https://api.example.com/v1`; throws `.badURL` that says what is wrong with it.
    public init(_ url: String, options: EndpointOptions = EndpointOptions()) throws(TransportError) {
        parts = try EndpointParts(url, options)
    }

    /// The scheme.
    public var scheme: Scheme { parts.scheme }
    /// The host in lower case; an IPv6 address stands in brackets.
    public var host: String { parts.host }
    /// The port, if the URL names one.
    public var port: Int? { parts.port }
    /// The path in front of every request's path, without a slash at its end; often empty or `/v1`.
    public var pathPrefix: String { parts.pathPrefix }
    /// `scheme://host[:port]`.
    public var origin: String { parts.origin }
    /// The base URL in its normal form.
    public var baseURL: String { parts.baseURL }
    /// How connections are made.
    public var options: EndpointOptions { parts.options }
}

extension UpstreamEndpoint: CustomStringConvertible {
    /// The base URL.
    public var description: String { baseURL }
}

/// What an endpoint and its copies share, so that handing one on copies nothing.
final class EndpointParts: Sendable, Hashable {
    let scheme: UpstreamEndpoint.Scheme
    let host: String
    let port: Int?
    let pathPrefix: String
    let origin: String
    let baseURL: String
    let options: EndpointOptions
    /// Whether exchanges need neither TLS nor a proxy, so that they can go without libcurl once the address is known.
    private let isPlain: Bool
    private let known: Mutex<KnownAddress?>
    /// The `Host` line.
    let hostField: [UInt8]

    init(_ url: String, _ options: EndpointOptions) throws(TransportError) {
        var parser = AddressParser(url, of: "The upstream's base URL")
        scheme = try parser.scheme()
        (host, port) = try parser.authority()
        pathPrefix = try parser.pathPrefix()
        origin = "\(scheme.rawValue)://\(host)" + (port.map { ":\($0)" } ?? "")
        baseURL = origin + pathPrefix
        self.options = options
        isPlain = scheme == .http && options.proxy == nil
        let literal = isPlain ? SocketAddress(literal: host) : nil
        known = Mutex(literal.map { KnownAddress(address: $0, until: nil) })
        hostField = [UInt8]("Host: \(host)\(port.map { ":\($0)" } ?? "")\r\n".utf8)
    }

    /// Where exchanges go without libcurl, if they may.
    var plainAddress: SocketAddress? {
        guard isPlain else { return nil }
        return known.withLock { known in
            if let until = known?.until, until <= .now { known = nil }
            return known?.address
        }
    }

    /// libcurl has found out what the name stands for; believed as long as libcurl itself believes it.
    func learn(_ address: SocketAddress, at now: ContinuousClock.Instant) {
        guard isPlain else { return }
        known.withLock { known in
            if known == nil { known = KnownAddress(address: address, until: now + .seconds(60)) }
        }
    }

    /// Nobody answers at the address; a name is looked up again.
    func forget() {
        known.withLock { known in
            if known?.until != nil { known = nil }
        }
    }

    private struct KnownAddress {
        let address: SocketAddress
        /// Nil where the URL has the address itself.
        let until: ContinuousClock.Instant?
    }

    static func == (one: EndpointParts, other: EndpointParts) -> Bool {
        one === other || one.baseURL == other.baseURL && one.options == other.options
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(baseURL)
        hasher.combine(options)
    }
}
