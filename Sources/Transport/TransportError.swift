/// Why an exchange with an upstream failed, and whether the request may have reached it.
///
/// The texts name the upstream's address and what to do. They never hold headers, paths, queries or bodies.
public struct TransportError: Error, Sendable, Equatable {
    /// The closed set of causes that callers branch on.
    public enum Code: String, Sendable, CaseIterable {
        /// The base URL or the request's path cannot be used.
        case badURL
        /// The request's method or a header field is not valid HTTP.
        case badRequest
        /// The host name has no address.
        case dns
        /// Nobody accepted the connection.
        case connect
        /// The host name stands for an address that only `EndpointOptions.allowsLinkLocal` permits.
        case forbiddenAddress
        /// The connection (TLS included) was not made within `TransportLimits.connect`.
        case connectTimeout
        /// The TLS handshake or the certificate check failed.
        case tls
        /// No response header block within `TransportLimits.firstByte`.
        case firstByteTimeout
        /// The upstream was silent for `TransportLimits.idle` in the middle of the body.
        case idleTimeout
        /// The exchange took longer than `TransportLimits.total`.
        case totalTimeout
        /// The connection broke before the response was complete.
        case reset
        /// The upstream closed the connection in an orderly way before the response's body was complete.
        case earlyEnd
        /// The upstream's bytes are not the HTTP that was expected.
        case protocolViolation
        /// The response's header block is over the limits.
        case tooManyHeaders
        /// The caller gave the exchange up.
        case cancelled
        /// The transport has been shut down.
        case shutDown
        /// libcurl could not do its part (out of memory, a refused option).
        case internalFailure
    }

    /// The cause.
    public let code: Code
    /// What was wrong and where; free of secrets and of request content.
    public let context: String
    /// False only when certainly nothing of the request reached the upstream, so that repeating it is safe.
    public let wasSent: Bool

    /// Makes an error; `context` must be free of secrets.
    public init(_ code: Code, context: String, wasSent: Bool) {
        self.code = code
        self.context = context
        self.wasSent = wasSent
    }
}

extension TransportError: CustomStringConvertible {
    /// The context, followed by what to do about it.
    public var description: String {
        "\(context) (\(code.rawValue)): \(code.advice)"
    }
}

extension TransportError.Code {
    /// What the reader of the error can do.
    var advice: String {
        switch self {
        case .badURL: "correct the address"
        case .badRequest: "correct the request"
        case .dns: "check the host name and the resolver"
        case .connect: "check that the upstream runs and that address and port are right"
        case .forbiddenAddress: "correct the host name, or permit link-local addresses for this upstream"
        case .connectTimeout: "check the network, or raise the connect limit"
        case .tls: "check the upstream's certificate and the trusted authorities"
        case .firstByteTimeout: "check the upstream's load, or raise the first-byte limit"
        case .idleTimeout: "check the upstream's load, or raise the idle limit"
        case .totalTimeout: "ask for less at once, or raise the total limit"
        case .reset, .earlyEnd: "look into the upstream's log; the answer is incomplete"
        case .protocolViolation: "check that the address belongs to an HTTP server"
        case .tooManyHeaders: "check what the upstream puts into its header block"
        case .cancelled: "nothing to do, the caller left"
        case .shutDown: "send requests only while the transport runs"
        case .internalFailure: "check memory, descriptors and the installed libcurl"
        }
    }
}
