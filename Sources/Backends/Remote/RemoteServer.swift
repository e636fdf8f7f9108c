import ChatAPI
import Gateway
import Synchronization
import Transport

/// An OpenAI-compatible HTTP server somewhere: sends a request's bytes there and hands the answer's bytes back.
struct RemoteServer: Sendable {
    let name: String
    let key: String?
    /// The value of `Authorization`.
    private let bearer: String?
    let transport: CurlTransport
    let options: UpstreamOptions
    let pool: EndpointPool
    private let salt: CacheSalt?

    init(
        name: String, endpoints: [UpstreamEndpoint], key: String?, transport: CurlTransport, options: UpstreamOptions
    ) {
        self.name = name
        self.key = key
        bearer = key.map { "Bearer \($0)" }
        self.transport = transport
        self.options = options
        pool = EndpointPool(endpoints, breaker: options.breaker)
        salt = options.saltsCache ? CacheSalt(key: key) : nil
    }

    var retry: RetryPolicy {
        var policy = options.retry
        policy.hasAlternatives = pool.hasAlternatives
        return policy
    }

    func reply(to request: BackendRequest) async throws(BackendError) -> Reply {
        let member = try pool.choose(for: name)
        let wire: TransportRequest
        do throws(BackendError) {
            wire = try self.wire(request, to: member.endpoint)
        } catch {
            member.breaker.left()
            throw error
        }
        let lease = pool.hasAlternatives ? EndpointPool.Lease(member) : nil
        let response: TransportResponse
        do throws(TransportError) {
            response = try await transport.send(wire, to: member.endpoint, limits: limits(for: request))
        } catch {
            throw Self.failure(error, of: member, name)
        }
        note(response, of: member)
        try check(response, request)
        let iterator = response.body.makeAsyncIterator()
        let name = name
        let body = ReplyStream(passing: { taker in
            // The endpoint counts as busy as long as somebody may read the answer.
            withExtendedLifetime(lease) {}
            var iterator = iterator
            do throws(TransportError) {
                return try await iterator.next(passing: taker)
            } catch {
                throw Self.failure(error, of: member, name)
            }
        })
        return Reply(
            status: response.status, headers: response.headers,
            body: try await Self.begun(body, response, request, name: name))
    }

    private static func failure(
        _ error: TransportError, of member: EndpointPool.Member, _ name: String
    ) -> BackendError {
        switch error.code {
        case .cancelled, .shutDown, .badURL, .badRequest, .totalTimeout: member.breaker.left()
        default: member.breaker.failed()
        }
        return BackendError(error, backend: name)
    }

    /// Tells the breaker of an answer. A status is an answer, and so no failure, where there is nobody else to ask.
    private func note(_ response: TransportResponse, of member: EndpointPool.Member) {
        if response.status >= 500, pool.hasAlternatives {
            member.breaker.failed()
        } else {
            member.breaker.succeeded()
        }
        // A wish for rest that answers a client's own key is that client's affair.
        guard response.status == 429 || response.status == 503, key != nil || isSigned,
            let time = RetryAfter.duration(response.headers)
        else { return }
        member.breaker.rest(for: time)
    }

    /// Whether its requests are signed, whatever key came with them.
    var isSigned: Bool { if case .aws = options.dialect { true } else { false } }

    // MARK: The request

    private func wire(
        _ request: BackendRequest, to endpoint: UpstreamEndpoint
    ) throws(BackendError) -> TransportRequest {
        var wire = TransportRequest(
            method: request.method, path: "", headers: request.headers,
            body: options.structuredOutputs?.body(of: request) ?? request.body)
        if let salt { wire.body = try salt.body(wire.body, of: request) }
        wire.isUrgent = request.chat?.request.stream == true
        switch options.dialect {
        case .openAI:
            wire.path = Self.path(of: request.target, at: endpoint)
            if let bearer { Self.replace(Self.bearer, by: ("Authorization", bearer), in: &wire.headers) }
        case .azure(let deployments):
            let path = try deployments.path(of: request.target, model: request.model)
            wire.path = deployments.version == nil ? Self.path(of: path, at: endpoint) : path
            if let key { Self.replace(Self.bearer + Self.azure, by: ("api-key", key), in: &wire.headers) }
        case .aws(let signature):
            wire.path = Self.path(of: request.target, at: endpoint)
            Self.replace(Self.bearer, by: nil, in: &wire.headers)
            wire.signature = signature
        }
        return wire
    }

    private static let bearer = ["authorization"]
    private static let azure = ["api-key"]

    /// Takes the fields of these names out, and adds one at the end.
    private static func replace(
        _ names: [String], by field: (name: String, value: String)?, in headers: inout HeaderFields
    ) {
        headers.removeAll { field in names.contains { FieldName.matches(field.name, $0) } }
        if let field { headers.append(field) }
    }

    /// The target below the base URL; a base URL that ends in `/v1` already has what every target starts with.
    private static func path(of target: String, at endpoint: UpstreamEndpoint) -> String {
        guard endpoint.pathPrefix.hasSuffix("/v1"), target.hasPrefix("/v1/") else { return target }
        return String(target[target.utf8.index(target.startIndex, offsetBy: 3)...])
    }

    private func limits(for request: BackendRequest) -> TransportLimits {
        var limits = options.limits
        if let firstByte = request.limits.firstByte { limits.firstByte = min(limits.firstByte, firstByte) }
        if let total = request.limits.total { limits.total = min(limits.total, total) }
        return limits
    }

    // MARK: The answer

    /// Refuses what no API answers with: redirects, which are never followed, web pages, and nothing at all.
    private func check(_ response: TransportResponse, _ request: BackendRequest) throws(BackendError) {
        let status = response.status
        if status >= 500, options.hidesServerErrors {
            throw BackendError(
                .failed, wasSent: true, answer: .upstreamUnavailable("The upstream failed on this request."),
                detail: "\(name): it answered with status \(status)", status: status)
        }
        if status >= 300, status < 400, status != 304 {
            throw Self.violation(name, status, "a redirect, which is not followed: check its base URL")
        }
        guard request.chat != nil, status >= 200, status < 300 else { return }
        if let type = response.headers.first(named: "content-type"), FieldName.hasPrefix(type, "text/html") {
            throw Self.violation(name, status, "a web page: check its base URL")
        }
        if status == 204 || response.headers.first(named: "content-length") == "0" {
            throw Self.violation(name, status, "nothing")
        }
    }

    private static func violation(_ name: String, _ status: Int, _ what: String) -> BackendError {
        BackendError(
            .protocolViolation, wasSent: true,
            answer: .upstreamUnavailable("The upstream's answer was not one of its API."),
            detail: "\(name): it answered with \(what)", status: status)
    }

    /// A chat's answer of unknown length only counts once there is some of it.
    private static func begun(
        _ body: ReplyStream, _ response: TransportResponse, _ request: BackendRequest, name: String
    ) async throws(BackendError) -> ReplyStream {
        guard request.chat != nil, (200..<300).contains(response.status),
            response.headers.first(named: "content-length") == nil,
            !(response.headers.first(named: "content-type").map { FieldName.hasPrefix($0, "text/event-stream") }
                ?? false)
        else { return body }
        let first: [UInt8]?
        do {
            first = try await body.next()
        } catch {
            throw (error as? BackendError) ?? violation(name, response.status, "a body that cannot be read")
        }
        guard let first else { throw violation(name, response.status, "nothing") }
        let held = Mutex<[UInt8]?>(first)
        return ReplyStream {
            let chunk = held.withLock { held in
                defer { held = nil }
                return held
            }
            if let chunk { return chunk }
            return try await body.next()
        }
    }
}

extension BackendError {
    /// What a failed exchange means to the gateway; the client is told neither address nor key.
    init(_ error: TransportError, backend: String) {
        let (code, answer): (Code, APIError) =
            switch error.code {
            case .dns: (.dns, .upstreamUnavailable())
            case .tls: (.tls, .upstreamUnavailable())
            case .connect, .forbiddenAddress: (.connect, .upstreamUnavailable())
            case .connectTimeout: (.connectTimeout, .upstreamTimeout("The upstream could not be reached in time."))
            case .firstByteTimeout: (.firstByteTimeout, .upstreamTimeout())
            case .idleTimeout, .totalTimeout: (.timeout, .upstreamTimeout("The upstream's answer took too long."))
            case .reset, .earlyEnd: (.broken, .upstreamUnavailable("The upstream broke off its answer."))
            case .protocolViolation, .tooManyHeaders:
                (.protocolViolation, .upstreamUnavailable("The upstream's answer was not sound HTTP."))
            case .badURL, .badRequest:
                (.refused, .invalidRequest("The request's path or a header field cannot be sent on."))
            case .cancelled: (.cancelled, .upstreamUnavailable("The client left."))
            case .shutDown: (.overflow, .overloaded("The gateway is stopping."))
            case .internalFailure: (.failed, .internalError)
            }
        self.init(code, wasSent: error.wasSent, answer: answer, detail: "\(backend): \(error)")
    }
}
