import ChatAPI
import Gateway
import Transport

/// An OpenAI-compatible HTTP server somewhere: sends a request's bytes there and hands the answer's bytes back.
struct RemoteServer: Sendable {
    let name: String
    let endpoint: UpstreamEndpoint
    let key: String?
    let transport: CurlTransport
    let limits: TransportLimits

    func reply(to request: BackendRequest) async throws(BackendError) -> Reply {
        let wire = TransportRequest(
            method: request.method, path: path(of: request.target), headers: headers(of: request), body: request.body)
        do throws(TransportError) {
            let response = try await transport.send(wire, to: endpoint, limits: limits(for: request))
            let name = name
            let iterator = response.body.makeAsyncIterator()
            return Reply(
                status: response.status, headers: response.headers,
                body: ReplyStream {
                    var iterator = iterator
                    do throws(TransportError) {
                        return try await iterator.next(isolation: #isolation)
                    } catch {
                        throw BackendError(error, backend: name)
                    }
                })
        } catch {
            throw BackendError(error, backend: name)
        }
    }

    /// The target below the base URL; a base URL that ends in `/v1` already has what every target starts with.
    private func path(of target: String) -> String {
        let hasVersion = endpoint.pathPrefix == "/v1" || endpoint.pathPrefix.hasSuffix("/v1")
        return hasVersion && target.hasPrefix("/v1/") ? String(target.dropFirst(3)) : target
    }

    /// The client's fields; our key, if there is one, takes the place of whatever key the client sent.
    private func headers(of request: BackendRequest) -> TransportHeaders {
        guard let key else { return request.headers }
        return request.headers.filter { $0.name.lowercased() != "authorization" }
            + [("Authorization", "Bearer \(key)")]
    }

    private func limits(for request: BackendRequest) -> TransportLimits {
        var limits = limits
        if let firstByte = request.limits.firstByte { limits.firstByte = min(limits.firstByte, firstByte) }
        if let total = request.limits.total { limits.total = min(limits.total, total) }
        return limits
    }
}

extension BackendError {
    /// What a failed exchange means to the gateway; the client is told neither address nor key.
    init(_ error: TransportError, backend: String) {
        let (code, answer): (Code, APIError) =
            switch error.code {
            case .dns, .connect, .forbiddenAddress, .tls: (.connect, .upstreamUnavailable())
            case .connectTimeout: (.connect, .upstreamTimeout("The upstream could not be reached in time."))
            case .firstByteTimeout: (.firstByteTimeout, .upstreamTimeout())
            case .idleTimeout, .totalTimeout: (.timeout, .upstreamTimeout("The upstream's answer took too long."))
            case .reset, .earlyEnd, .protocolViolation, .tooManyHeaders:
                (.broken, .upstreamUnavailable("The upstream broke off its answer."))
            case .badURL, .badRequest:
                (.refused, .invalidRequest("The request's path or a header field cannot be sent on."))
            case .cancelled: (.cancelled, .upstreamUnavailable("The client left."))
            case .shutDown: (.overflow, .overloaded("The gateway is stopping."))
            case .internalFailure: (.failed, .internalError)
            }
        self.init(code, wasSent: error.wasSent, answer: answer, detail: "\(backend): \(error)")
    }
}
