/// How the connections to one upstream are made. Certificates are verified whatever stands here.
public struct EndpointOptions: Sendable, Hashable {
    /// Whether HTTP/2 is used where the upstream offers it in the TLS handshake. Default: true; without TLS it is HTTP/1.1.
    public var allowsHTTP2: Bool
    /// The lowest version of TLS. Default: 1.2.
    public var minimumTLS: TLSVersion
    /// A PEM file with the only authorities to trust, in place of the system's. Default: nil.
    public var certificateAuthorities: String?
    /// The certificate shown to an upstream that asks for one. Default: nil.
    public var clientCertificate: ClientCertificate?
    /// The proxy on the way there; the environment's proxies are never used. Default: nil, a direct connection.
    public var proxy: ProxyAddress?
    /// Whether the upstream's name may stand for a link-local address (169.254.0.0/16, fe80::/10) or one where clouds
    /// serve credentials (fd00:ec2::/32). Default: false.
    public var allowsLinkLocal: Bool

    /// Makes options; whatever is left out has its default.
    public init(
        allowsHTTP2: Bool = true,
        minimumTLS: TLSVersion = .tls12,
        certificateAuthorities: String? = nil,
        clientCertificate: ClientCertificate? = nil,
        proxy: ProxyAddress? = nil,
        allowsLinkLocal: Bool = false
    ) {
        self.allowsHTTP2 = allowsHTTP2
        self.minimumTLS = minimumTLS
        self.certificateAuthorities = certificateAuthorities
        self.clientCertificate = clientCertificate
        self.proxy = proxy
        self.allowsLinkLocal = allowsLinkLocal
    }
}

/// A version of TLS that may be the lowest one.
public enum TLSVersion: String, Sendable, CaseIterable {
    /// TLS 1.2.
    case tls12 = "1.2"
    /// TLS 1.3.
    case tls13 = "1.3"
}

/// The files of a client certificate, both PEM.
public struct ClientCertificate: Sendable, Hashable {
    /// The file with the certificate, followed by its chain if there is one.
    public var certificate: String
    /// The file with the private key, not encrypted.
    public var key: String

    /// Names the files; they are read when a connection is made.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}
