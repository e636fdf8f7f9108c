import Backends
import ChatAPI
import Gateway
import TestSupport
import Testing
import Transport

@Suite("Backends across a socket")
struct RemoteBackendTests {
    private let transport: CurlTransport

    init() throws {
        transport = try CurlTransport()
    }

    private func request(_ headers: HeaderFields = [], target: String = "/v1/chat/completions?a=b") -> BackendRequest {
        BackendRequest(id: "r", target: target, headers: headers, body: Array(#"{ "model":"m" }"#.utf8), model: "m")
    }

    @Test(
        "the path is right whether or not the base URL ends in /v1",
        arguments: ["", "/v1", "/v1/", "/api", "/api/v1"])
    func paths(prefix: String) async throws {
        let server = try ScriptedServer { _ in [.response(body: Array("ok".utf8))] }
        let backend = UpstreamBackend(
            name: "up", endpoint: try UpstreamEndpoint(server.baseURL + prefix), transport: transport)
        _ = try await backend.reply(to: request()).body.collect()
        let expected = (prefix.hasPrefix("/api") ? "/api" : "") + "/v1/chat/completions?a=b"
        #expect(server.requests.map(\.target) == [expected])
    }

    @Test("body and header fields arrive as given, and the answer comes back as it is")
    func bytes() async throws {
        let answer = Array("{\"a\":1.0}\r\n\0".utf8)
        let server = try ScriptedServer { _ in [.response(429, headers: [("retry-after-ms", "15")], body: answer)] }
        let backend = UpstreamBackend(name: "up", endpoint: try UpstreamEndpoint(server.baseURL), transport: transport)
        let reply = try await backend.reply(to: request([("Authorization", "Bearer mine"), ("X-B", "2")]))
        #expect(reply.status == 429 && reply.headers.first(named: "retry-after-ms") == "15")
        #expect(try await reply.body.collect() == answer)
        let seen = try #require(server.requests.first)
        #expect(seen.bodyText == #"{ "model":"m" }"#)
        #expect(seen.header("authorization") == "Bearer mine" && seen.header("x-b") == "2")
    }

    @Test("a configured key takes the place of the client's; a local server never sees the client's")
    func keys() async throws {
        let server = try ScriptedServer { _ in [.response()] }
        let endpoint = try UpstreamEndpoint(server.baseURL)
        let mine: HeaderFields = [("authorization", "Bearer mine")]
        let keyed = UpstreamBackend(name: "up", endpoint: endpoint, key: "ours", transport: transport)
        _ = try await keyed.reply(to: request(mine)).body.collect()
        let local = ServerBackend(name: "local", endpoint: endpoint, transport: transport)
        _ = try await local.reply(to: request(mine)).body.collect()
        #expect(server.requests.map { $0.header("authorization") } == ["Bearer ours", nil])
        #expect(server.requests[0].headText.contains("mine") == false)
        #expect(!keyed.takesClientKey && !local.takesClientKey)
        #expect(UpstreamBackend(name: "up", endpoint: endpoint, transport: transport).takesClientKey)
    }

    @Test("nobody at the address, silence and a torn connection each have their own code")
    func failures() async throws {
        let closed = try ScriptedServer { _ in [] }
        let nobody = try UpstreamEndpoint(closed.baseURL)
        closed.stop()
        let absent = UpstreamBackend(name: "up", endpoint: nobody, transport: transport)
        let refused = await #expect(throws: BackendError.self) { _ = try await absent.reply(to: request()) }
        #expect(refused?.code == .connect && refused?.wasSent == false && refused?.answer.status == 502)

        let silent = try ScriptedServer { _ in [.hold] }
        let slow = UpstreamBackend(
            name: "up", endpoint: try UpstreamEndpoint(silent.baseURL), transport: transport,
            limits: TransportLimits(firstByte: .milliseconds(80)))
        let late = await #expect(throws: BackendError.self) { _ = try await slow.reply(to: request()) }
        #expect(late?.code == .firstByteTimeout && late?.wasSent == true && late?.answer.status == 504)

        let torn = try ScriptedServer { _ in [.chunkedHead(), .chunk("abc"), .reset] }
        let broken = UpstreamBackend(name: "up", endpoint: try UpstreamEndpoint(torn.baseURL), transport: transport)
        let reply = try await broken.reply(to: request())
        let error = await #expect(throws: BackendError.self) { _ = try await reply.body.collect() }
        #expect(error?.code == .broken)
    }

    @Test("the gateway's limits are kept where they are tighter")
    func limits() async throws {
        let silent = try ScriptedServer { _ in [.hold] }
        let backend = ServerBackend(name: "s", endpoint: try UpstreamEndpoint(silent.baseURL), transport: transport)
        let hurried = BackendRequest(id: "r", body: [], model: "m", limits: .init(firstByte: .milliseconds(60)))
        let error = await #expect(throws: BackendError.self) { _ = try await backend.reply(to: hurried) }
        #expect(error?.code == .firstByteTimeout)
    }

    @Test("events come one by one, and letting go of the answer closes the connection")
    func stream() async throws {
        let signal = ScriptedSignal()
        let server = try ScriptedServer { _ in
            [
                .chunkedHead(headers: [("Content-Type", "text/event-stream")]), .chunk("data: 1\n\n"), .await(signal),
                .chunk("data: 2\n\n"), .hold,
            ]
        }
        let backend = UpstreamBackend(name: "up", endpoint: try UpstreamEndpoint(server.baseURL), transport: transport)
        do {
            let reply = try await backend.reply(to: request())
            #expect(try await reply.body.next() == Array("data: 1\n\n".utf8))
            signal.fire()
            #expect(try await reply.body.next() == Array("data: 2\n\n".utf8))
        }
        #expect(await eventually { server.clientClosed(0) != nil })
    }
}
