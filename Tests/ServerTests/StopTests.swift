import ChatAPI
import Gateway
import Server
import TestSupport
import Testing

@Suite("stopping", .timeLimit(.minutes(1)))
struct StopTests {
    private static let stream = request(
        "POST", "/v1/chat/completions", body: #"{"model":"m","stream":true,"messages":[]}"#)
    private static let event = Array("data: {}\n\n".utf8)

    @Test("fifty streams under way at a stop are all sent to their end, and nobody new is let in")
    func streams() async throws {
        let (begun, go) = (Counter(), ScriptedSignal())
        try await TestGateway.with(
            answer: { _ throws(BackendError) in
                .events { number in
                    if number == 0 { begun.add(1) }
                    if number == 1 { while !go.isFired { try await Task.sleep(for: .milliseconds(5)) } }
                    return number < 20 ? Self.event : number == 20 ? Array("data: [DONE]\n\n".utf8) : nil
                }
            },
            { gateway in
                var clients: [RawConnection] = []
                for _ in 0..<50 {
                    let client = try RawConnection(port: gateway.port)
                    try client.send(Self.stream)
                    clients.append(client)
                }
                let idle = try RawConnection(port: gateway.port)
                #expect(await eventually { begun.value == 50 && gateway.load.connections == 51 })
                await gateway.beginStop()
                #expect(await idle.receive(within: .seconds(5)) == [])
                #expect(await eventually { (try? RawConnection(port: gateway.port)) == nil })
                go.fire()
                for client in clients {
                    let response = await client.response()
                    #expect(response.isWhole && response.text.hasSuffix("data: [DONE]\n\n"))
                    #expect(response.body.count == 20 * Self.event.count + 14)
                }
            })
    }

    @Test("what is not finished in time ends with an error event, or 503 if nothing was said yet; never as if complete")
    func drainIsOver() async throws {
        let asked = Counter()
        try await TestGateway.with(
            drain: .milliseconds(300),
            answer: { request throws(BackendError) in
                asked.add(1)
                if request.chat == nil {
                    try? await Task.sleep(for: .seconds(50))
                    throw BackendError(.cancelled, wasSent: true, answer: .internalError)
                }
                return .events { number in
                    if number > 0 { try await Task.sleep(for: .seconds(50)) }
                    return Self.event
                }
            },
            { gateway in
                let streaming = try RawConnection(port: gateway.port)
                try streaming.send(Self.stream)
                let silent = try RawConnection(port: gateway.port)
                try silent.send(request("POST", "/v1/embeddings", body: "{}"))
                #expect(await eventually { asked.value == 2 })
                await gateway.beginStop()
                let broken = await streaming.response()
                #expect(broken.status == 200 && !broken.isWhole)
                #expect(broken.text.contains(#"data: {"error":{"#) && !broken.text.contains("[DONE]"))
                let refused = await silent.response()
                #expect(refused.status == 503 && refused.isWhole)
            })
    }
}
