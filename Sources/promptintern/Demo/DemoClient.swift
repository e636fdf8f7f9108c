import ChatAPI
import Transport

/// One streamed answer and what it took.
struct DemoAnswer {
    var text = ""
    /// Tokens of the prompt that was sent to the model.
    var tokens = 0.0
    var arm = ""
    var reason = ""
    /// Milliseconds to the first text, and to the end.
    var first = 0.0
    var total = 0.0
}

/// A client of a running gateway.
struct DemoClient {
    let transport: CurlTransport
    let url: String
    /// The gateway's client key, if it asks for one.
    let key: String?

    /// Sends a streaming request and reads the answer to its end.
    func ask(_ body: [UInt8], bypass: Bool) async throws -> DemoAnswer {
        var headers: TransportHeaders = [("content-type", "application/json"), ("accept", "text/event-stream")]
        if bypass { headers.append(("x-promptintern-bypass", "true")) }
        if let key { headers.append(("authorization", "Bearer \(key)")) }
        let start = ContinuousClock.now
        do {
            let response = try await transport.send(
                TransportRequest(method: "POST", path: "/chat/completions", headers: headers, body: body),
                to: UpstreamEndpoint(url))
            guard response.status == 200 else { throw try await refusal(response) }
            return try await read(response, since: start)
        } catch let error as TransportError {
            throw Failure(
                "\(url): \(error): is the gateway running? Start it with "
                    + "`promptintern serve --config config/gateway.yaml`")
        }
    }

    private func read(_ response: TransportResponse, since start: ContinuousClock.Instant) async throws -> DemoAnswer {
        var answer = DemoAnswer()
        answer.tokens = response.header("x-promptintern-tokens-after").flatMap(Double.init) ?? 0
        answer.arm = response.header("x-promptintern-arm") ?? "?"
        answer.reason = response.header("x-promptintern-reason") ?? "?"
        var parser = SSEParser()
        for try await chunk in response.body {
            parser.append(chunk)
            while let event = try parser.next() {
                let piece = text(of: event)
                if answer.text.isEmpty, !piece.isEmpty { answer.first = milliseconds(since: start) }
                answer.text += piece
            }
        }
        answer.total = milliseconds(since: start)
        return answer
    }

    private func text(of event: SSEEvent) -> String {
        guard let data = event.data, let document = try? JSONDocument(Array(data)) else { return "" }
        var text = ""
        for choice in document.root["choices"].map({ Array($0.elements) }) ?? [] {
            text += choice["delta"]?["content"]?.string?.text ?? ""
        }
        return text
    }

    private func refusal(_ response: TransportResponse) async throws -> Failure {
        let body = try await response.body.collect(upTo: 1 << 20)
        let message = (try? JSONDocument(body))?.root["error"]?["message"]?.string?.text
        return Failure("\(url) answered \(response.status): \(message ?? "no reason given")")
    }

    private func milliseconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .milliseconds(1)
    }
}
