import Foundation
public import Transport

/// Sends requests to a provider's API with the key, and tries again what may be tried again.
public struct ProviderClient: Sendable {
    /// What may be sent a second time.
    enum Repeating {
        /// Anything that failed for the moment: reading, and uploads, of which a second copy does no harm.
        case always
        /// Only what certainly was not acted upon: nothing reached the provider, or it answered 429.
        case untouched
    }

    /// An answer's body and whether the request could have been acted upon although it failed.
    enum Outcome {
        case success([UInt8])
        case failure(FineTuningError, mayHaveActed: Bool)
    }

    private let transport: CurlTransport
    private let endpoint: UpstreamEndpoint
    private let key: String
    private let schedule: RetrySchedule
    private let limits: TransportLimits

    private static let answerBytes = 16 << 20

    /// A client of the API at `endpoint`, its `/v1` included.
    public init(
        transport: CurlTransport, endpoint: UpstreamEndpoint, key: String, schedule: RetrySchedule = RetrySchedule(),
        limits: TransportLimits = TransportLimits(
            connect: .seconds(10), firstByte: .seconds(300), total: .seconds(1800))
    ) {
        self.transport = transport
        self.endpoint = endpoint
        self.key = key
        self.schedule = schedule
        self.limits = limits
    }

    /// The answer's body, after as many tries as it takes; throws what the last one failed with.
    func send(
        _ method: String, _ path: String, type: String? = nil, body: [UInt8] = []
    ) async throws(FineTuningError) -> [UInt8] {
        switch await attempt(method, path, type: type, body: body, repeating: .always) {
        case .success(let bytes): return bytes
        case .failure(let error, _): throw error
        }
    }

    /// Like `send`, but tells a failure that may have been acted upon from one that was not.
    func attempt(
        _ method: String, _ path: String, type: String? = nil, body: [UInt8], repeating: Repeating
    ) async -> Outcome {
        var headers: TransportHeaders = [("authorization", "Bearer \(key)"), ("accept", "application/json")]
        if let type { headers.append(("content-type", type)) }
        let request = TransportRequest(
            method: method, path: path, headers: headers, body: body, mayRepeat: repeating == .always)
        var number = 0
        while true {
            switch await once(request) {
            case .success(let bytes): return .success(bytes)
            case .failure(let failure):
                let mayRepeat = failure.isPassing && (repeating == .always || !failure.mayHaveActed)
                guard mayRepeat, number + 1 < schedule.attempts, !Task.isCancelled else {
                    return .failure(failure.error, mayHaveActed: failure.mayHaveActed)
                }
                try? await Task.sleep(for: schedule.wait(after: number, asked: failure.wait))
                number += 1
            }
        }
    }

    // MARK: One try

    private struct Failure: Error {
        let error: FineTuningError
        /// Whether trying again can help.
        let isPassing: Bool
        let mayHaveActed: Bool
        var wait: Duration?
    }

    private func once(_ request: TransportRequest) async -> Result<[UInt8], Failure> {
        do throws(TransportError) {
            let response = try await transport.send(request, to: endpoint, limits: limits)
            let body = try await response.body.collect(upTo: Self.answerBytes)
            if (200..<300).contains(response.status) { return .success(body) }
            return .failure(refusal(request, response, body))
        } catch {
            let lasting: Set<TransportError.Code> = [
                .badURL, .badRequest, .forbiddenAddress, .tls, .cancelled, .shutDown,
            ]
            return .failure(
                Failure(
                    error: .unreachable(request: name(request), reason: error.description),
                    isPassing: !lasting.contains(error.code), mayHaveActed: error.wasSent))
        }
    }

    private func refusal(_ request: TransportRequest, _ response: TransportResponse, _ body: [UInt8]) -> Failure {
        let parsed = try? JSONDecoder().decode(ErrorBody.self, from: Data(body))
        let message = parsed?.error.message ?? "no message"
        let passing = [408, 409, 429].contains(response.status) || response.status >= 500
        return Failure(
            error: .refused(
                request: name(request), status: response.status, code: parsed?.error.code,
                message: redacted(String(message.prefix(500)))),
            // Out of credit is told by 429 as well, and waiting does not help.
            isPassing: passing && parsed?.error.code != "insufficient_quota",
            mayHaveActed: response.status >= 500 || response.status == 408, wait: wait(response))
    }

    private func wait(_ response: TransportResponse) -> Duration? {
        if let text = response.header("retry-after-ms"), let value = Double(text), value.isFinite, value >= 0 {
            return .milliseconds(min(value, 1e9))
        }
        guard let text = response.header("retry-after"), let value = Double(text), value.isFinite, value >= 0 else {
            return nil
        }
        return .seconds(min(value, 1e6))
    }

    private func redacted(_ text: String) -> String {
        key.isEmpty ? text : text.replacingOccurrences(of: key, with: "…")
    }

    /// Method and path; a path holds ids only.
    func name(_ request: TransportRequest) -> String {
        "\(request.method) \(request.path.prefix { $0 != "?" })"
    }
}

private struct ErrorBody: Decodable {
    struct Details: Decodable {
        let message: String?
        let code: String?
    }
    let error: Details
}
