import ChatAPI
import Foundation
import Gateway
import Server
import TestSupport
import Testing

@Suite(
    "HTTP/2 connections",
    .enabled(if: CertificateFolder.isPossible && FileManager.default.isExecutableFile(atPath: "/usr/bin/curl")),
    .timeLimit(.minutes(1)))
struct HTTP2ConnectionTests {
    /// Runs `body` with a gateway whose limits are too long to matter, unless they are given.
    private func serve(
        keys: [String] = [], idle: Duration = .seconds(60), header: Duration = .seconds(60),
        write: Duration = .seconds(60),
        answer: @escaping @Sendable (BackendRequest) async throws(BackendError) -> Reply = {
            _ throws(BackendError) in .json(#"{"served":true}"#)
        },
        _ body: (TestGateway, CertificateFolder) async throws -> Void
    ) async throws {
        let folder = try CertificateFolder("one")
        let tls = try ListenerTLS(.init(certificate: folder("one.pem"), key: folder("one.key")))
        try await TestGateway.with(
            keys: keys, idle: idle, configure: { ($0.tls, $0.header, $0.writeIdle) = (tls, header, write) },
            answer: answer,
            { gateway in try await body(gateway, folder) })
    }

    @Test(
        "a client that leaves or gives up cancels the model, before its answer and in the middle of it",
        arguments: [false, true], [false, true])
    func leaving(_ hasBegun: Bool, _ givesUp: Bool) async throws {
        let (asked, cancelled) = (ScriptedSignal(), ScriptedSignal())
        try await serve(answer: { _ throws(BackendError) in
            guard hasBegun else {
                asked.fire()
                await DisconnectTests.hang(cancelled)
                throw BackendError(.cancelled, wasSent: true, answer: .internalError)
            }
            return .events { number in
                if number == 0 { return Array("data: {}\n\n".utf8) }
                asked.fire()
                await DisconnectTests.hang(cancelled)
                throw CancellationError()
            }
        }) { gateway, folder in
            let client = try CurlClient(
                gateway.port, "/v1/chat/completions",
                [
                    "--http2", "--cacert", folder("one.pem"), "--max-time", givesUp ? "5" : "60", "-d",
                    #"{"model":"m","stream":true,"messages":[]}"#,
                ])
            #expect(await eventually { asked.isFired })
            if !givesUp { client.cutOff() }
            #expect(await eventually { cancelled.isFired })
            #expect(await eventually { gateway.load.requests == 0 && gateway.load.connections == 0 })
            #expect(await eventually { gateway.records.all.last?.end == .clientLeft })
        }
    }

    @Test("a client that ends an idle connection without a word is noticed, in the handshake too")
    func ended() async throws {
        try await serve { gateway, folder in
            let client = try TLSClient(port: gateway.port, sending: HTTP2Bytes.preface, in: folder)
            #expect(await eventually { !client.received.isEmpty })
            let early = try RawConnection(port: gateway.port)
            #expect(await eventually { gateway.load.connections == 2 })
            client.cutOff()
            #expect(await eventually { gateway.load.connections == 1 })
            early.close()
            #expect(await eventually { gateway.load.connections == 0 })
        }
    }

    @Test(
        "a connection on which no stream begins is ended, also one with half a header block",
        arguments: [[UInt8](), HTTP2Bytes.frame(HTTP2Bytes.headers, stream: 1, [0x82])])
    func withoutStreams(_ bytes: [UInt8]) async throws {
        try await serve(header: .seconds(2)) { gateway, folder in
            let client = try TLSClient(port: gateway.port, sending: HTTP2Bytes.preface + bytes, in: folder)
            #expect(await eventually { !client.received.isEmpty })
            #expect(await eventually { gateway.load.connections == 0 })
            #expect(await eventually { !client.isConnected })
        }
    }

    @Test("a connection that is idle after its last stream is ended, even if the client does not answer a farewell")
    func idle() async throws {
        try await serve(idle: .milliseconds(300)) { gateway, folder in
            let client = try TLSClient(
                port: gateway.port, sending: HTTP2Bytes.preface + HTTP2Bytes.get("/v1/files"), in: folder)
            #expect(await eventually { client.hasReceived("served") })
            #expect(await eventually { gateway.load.connections == 0 })
            #expect(await eventually { !client.isConnected })
        }
    }

    @Test("a client that lets nothing be sent to it loses its stream after the time of a write")
    func closedWindow() async throws {
        try await serve(write: .milliseconds(300)) { gateway, folder in
            let client = try TLSClient(
                port: gateway.port, sending: HTTP2Bytes.closedPreface + HTTP2Bytes.get("/v1/files"), in: folder)
            let reset = Data(HTTP2Bytes.frame(HTTP2Bytes.reset, stream: 1, [0, 0, 0, 0]).prefix(9))
            #expect(await eventually { client.received.range(of: reset) != nil })
            #expect(!client.hasReceived("served"))
        }
    }

    @Test("a request that is refused at its head is answered at its body's first bytes, announced or not")
    func refusedBody() async throws {
        try await serve(keys: ["a"]) { gateway, folder in
            let head = HTTP2Bytes.frame(
                HTTP2Bytes.headers, flags: HTTP2Bytes.endHeaders, stream: 1, HTTP2Bytes.block("/v1/files"))
            let piece = HTTP2Bytes.frame(HTTP2Bytes.data, stream: 1, Array("the first bytes".utf8))
            let client = try TLSClient(
                port: gateway.port, sending: HTTP2Bytes.preface + head + piece, in: folder)
            #expect(await eventually { client.hasReceived("missing_api_key") })
            #expect(gateway.load.bodyBytes == 0)
        }
    }

    @Test("a stop does not wait for an idle client that does not answer a farewell")
    func stop() async throws {
        try await serve { gateway, folder in
            let client = try TLSClient(
                port: gateway.port, sending: HTTP2Bytes.preface + HTTP2Bytes.get("/v1/files"), in: folder)
            #expect(await eventually { client.hasReceived("served") })
            await gateway.beginStop()
            #expect(await eventually { gateway.load.connections == 0 })
        }
    }

    @Test(
        "an error of the connection closes it, with a stream or without",
        arguments: [
            HTTP2Bytes.frame(HTTP2Bytes.data, [1]),
            HTTP2Bytes.frame(
                HTTP2Bytes.headers, flags: HTTP2Bytes.endHeaders | HTTP2Bytes.last, stream: 1, [0x80]),
            HTTP2Bytes.frame(
                HTTP2Bytes.headers, flags: HTTP2Bytes.endHeaders, stream: 1, HTTP2Bytes.block("/v1/files"))
                + HTTP2Bytes.frame(HTTP2Bytes.data, [1]),
        ])
    func connectionErrors(_ bytes: [UInt8]) async throws {
        try await serve { gateway, folder in
            let client = try TLSClient(port: gateway.port, sending: HTTP2Bytes.preface + bytes, in: folder)
            #expect(await eventually { !client.received.isEmpty })
            #expect(await eventually { gateway.load.connections == 0 })
            #expect(await eventually { !client.isConnected })
        }
    }

    @Test("an error of one stream leaves the others alone")
    func streamErrors() async throws {
        // A head without a path.
        let broken = HTTP2Bytes.frame(
            HTTP2Bytes.headers, flags: HTTP2Bytes.endHeaders | HTTP2Bytes.last, stream: 1, [0x82, 0x87])
        try await serve { gateway, folder in
            let client = try TLSClient(
                port: gateway.port, sending: HTTP2Bytes.preface + broken + HTTP2Bytes.get("/v1/files", stream: 3),
                in: folder)
            #expect(await eventually { client.hasReceived("served") })
            #expect(client.isConnected && gateway.load.connections == 1)
        }
    }

    @Test("heads are held to the limits of HTTP/1, and to 16 KiB on a connection's first request")
    func heads() async throws {
        try await serve { (gateway: TestGateway, folder: CertificateFolder) async throws -> Void in
            func ask(_ fields: [String]) throws -> String? {
                try CurlClient(
                    gateway.port, "/v1/files",
                    ["--http2", "--cacert", folder("one.pem")] + fields.flatMap { ["-H", $0] }
                ).answer()
            }
            let long = String(repeating: "x", count: 12_000)
            #expect(try ask(["x-long: \(long)"]) == #"{"served":true} 2 200"#)
            // Ended, and not kept waiting.
            #expect(try ask(["x-long: \(long)", "x-more: \(long)"])?.contains("served") != true)
            #expect(try ask((0..<200).map { "x-\($0): a" }) == #"{"served":true} 2 200"#)
            let refused = try ask((0..<300).map { "x-\($0): a" })
            #expect(refused?.contains("header_too_large") == true && refused?.hasSuffix(" 2 431") == true)
        }
    }

    @Test("a head of more than 64 KiB is refused, and one that is far over ends the connection")
    func largeHeads() async throws {
        try await serve { (gateway: TestGateway, folder: CertificateFolder) async throws -> Void in
            func client(_ size: Int) throws -> TLSClient {
                let head = HTTP2Bytes.get("/v1/files", [("x-long", String(repeating: "x", count: size))])
                // Our settings are acknowledged, so that they hold.
                let acknowledgement = HTTP2Bytes.frame(HTTP2Bytes.settings, flags: HTTP2Bytes.last)
                return try TLSClient(
                    port: gateway.port, sending: HTTP2Bytes.preface + acknowledgement + head, in: folder)
            }
            let allowed = try client(60_000)
            #expect(await eventually { allowed.hasReceived("served") })
            allowed.cutOff()
            let over = try client(70_000)
            #expect(await eventually { over.hasReceived("header_too_large") })
            over.cutOff()
            #expect(await eventually { gateway.load.connections == 0 })
            let farOver = try client(200_000)
            #expect(await eventually { !farOver.received.isEmpty })
            #expect(await eventually { gateway.load.connections == 0 })
            #expect(!farOver.hasReceived("served"))
        }
    }
}
