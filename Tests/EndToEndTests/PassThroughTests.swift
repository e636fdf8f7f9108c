import Foundation
import Testing
import TestSupport

@Suite("the program as a plain pass-through", .serialized, .timeLimit(.minutes(1)))
struct PassThroughTests {
    @Test("without a configuration every /v1 request reaches the upstream byte for byte")
    func bytes() async throws {
        let upstream = try chatServer("hi")
        let folder = try TinyModelFolder()
        let gateway = try await RunningGateway(
            ["--upstream", "http://127.0.0.1:\(upstream.port)/v1", "--ledger", folder.path + "/l.sqlite"],
            environment: ["PROMPTINTERN_UPSTREAM_KEY": "sk-upstream"])
        let odd =
            "{ \"model\" : \"gpt-x\",\n\t\"messages\":[ {\"role\":\"user\",\"content\":\"\\u0041\\/ü\"} ] , \"x\":1.50 }"
        let answer = try await gateway.chat(odd, headers: ["X-Custom: kept", "x-promptintern-bypass: false"])
        #expect(answer.status == 200 && answer.isWhole)
        #expect(answer.header("x-promptintern-arm") == "passthrough")
        let seen = try #require(upstream.requests.last)
        #expect(seen.target == "/v1/chat/completions")
        #expect(seen.body == Array(odd.utf8))
        #expect(seen.header("x-custom") == "kept")
        #expect(seen.header("authorization") == "Bearer sk-upstream")
        #expect(!seen.headers.contains { $0.name.lowercased().hasPrefix("x-promptintern") })
        let raw = (0...255).map { UInt8($0) }
        let echoed = try await gateway.send("POST", "/v1/files?purpose=a%20b", body: raw)
        #expect(echoed.body == raw)
        #expect(upstream.requests.last?.target == "/v1/files?purpose=a%20b")
        #expect(gateway.stop() == 0)
        #expect(!gateway.errors.contains("sk-upstream") && !gateway.output.contains("sk-upstream"))
        #expect(gateway.errors.contains("path=/v1/chat/completions"))
        #expect(!gateway.errors.contains("gpt-x/ü"))
    }

    @Test("a stream comes through event by event, and a client that leaves ends it upstream")
    func streams() async throws {
        let upstream = try ScriptedServer { _ in
            [
                .chunkedHead(headers: [("content-type", "text/event-stream")]), .chunk("data: {\"choices\":[]}\n\n"),
                .hold,
            ]
        }
        let folder = try TinyModelFolder()
        let gateway = try await RunningGateway(
            ["--upstream", upstream.baseURL, "--ledger", folder.path + "/l.sqlite"])
        let connection = try RawConnection(port: gateway.port)
        let body = Array(#"{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"#.utf8)
        try connection.send(RunningGateway.request("POST", "/v1/chat/completions", body: body))
        var seen = ""
        while !seen.contains("choices"), let bytes = await connection.receive(), !bytes.isEmpty {
            seen += String(decoding: bytes, as: UTF8.self)
        }
        #expect(seen.contains("data: {\"choices\":[]}"))
        let left = ContinuousClock.now
        connection.close()
        let closed = try #require(await upstream.waitForClientClose())
        #expect(closed - left < .seconds(1))
        #expect(gateway.stop() == 0)
    }

    @Test("SIGTERM lets the answer under way finish and ends with exit code 0")
    func gracefulStop() async throws {
        let go = ScriptedSignal()
        let upstream = try ScriptedServer { _ in
            [.await(go), .response(headers: [("content-type", "application/json")], body: Array("{}".utf8))]
        }
        let folder = try TinyModelFolder()
        let gateway = try await RunningGateway(
            ["--upstream", upstream.baseURL, "--ledger", folder.path + "/l.sqlite"])
        let connection = try RawConnection(port: gateway.port)
        let body = Array(#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#.utf8)
        try connection.send(RunningGateway.request("POST", "/v1/chat/completions", body: body))
        #expect(await upstream.waitForRequests(1))
        gateway.process.terminate()
        let port = gateway.port
        #expect(await eventually { (try? RawConnection(port: port)) == nil })
        go.fire()
        let answer = await connection.response()
        #expect(answer.isWhole && answer.text == "{}")
        gateway.process.waitUntilExit()
        #expect(gateway.process.terminationStatus == 0)
        #expect(gateway.process.terminationReason == .exit)
    }

    @Test("a stop waits no longer than the drain limit, and a second signal ends it at once")
    func impatientStop() async throws {
        let upstream = try ScriptedServer { _ in [.hold] }
        let body = Array(#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#.utf8)
        for isRepeated in [false, true] {
            let folder = try TinyModelFolder()
            let config = try folder.write(
                "upstreams: {u: {base_url: '\(upstream.baseURL)'}}\nlimits: {drain_seconds: \(isRepeated ? 30 : 0.3)}\n",
                to: "gateway.yaml")
            let gateway = try await RunningGateway(["--config", config])
            let connection = try RawConnection(port: gateway.port)
            try connection.send(RunningGateway.request("POST", "/v1/chat/completions", body: body))
            #expect(await upstream.waitForRequests(isRepeated ? 2 : 1))
            gateway.process.terminate()
            if isRepeated {
                let process = gateway.process
                #expect(await eventually { gateway.errors.contains("stopping") })
                #expect(process.isRunning)
                process.terminate()
            }
            let process = gateway.process
            #expect(await eventually(within: .seconds(5)) { !process.isRunning })
            #expect(gateway.process.terminationStatus == (isRepeated ? 1 : 0))
            // Who was told nothing yet is told that the gateway stops, if there is time for it.
            let response = await connection.response()
            if isRepeated { #expect(!response.isWhole) } else { #expect(response.isWhole && response.status == 503) }
        }
    }

    @Test("with a client key, who has none is turned away")
    func clientKey() async throws {
        let upstream = try chatServer("hi")
        let folder = try TinyModelFolder()
        let gateway = try await RunningGateway(
            ["--upstream", upstream.baseURL, "--ledger", folder.path + "/l.sqlite"],
            environment: ["PROMPTINTERN_CLIENT_KEY": "canary-key"])
        #expect(try await gateway.send("GET", "/v1/models").status == 401)
        #expect(upstream.requests.isEmpty)
        let allowed = try await gateway.chat(
            #"{"model":"m","messages":[]}"#, headers: ["Authorization: Bearer canary-key"])
        #expect(allowed.status == 200)
        #expect(upstream.requests.allSatisfy { !$0.headText.contains("canary-key") })
        #expect(gateway.stop() == 0)
        #expect(!(gateway.errors + gateway.output).contains("canary-key"))
    }
}
