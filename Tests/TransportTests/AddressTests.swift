import Foundation
import TestSupport
import Testing

@testable import Transport

@Suite("Where connections may go", .allCarriers)
struct AddressTests {
    static let forbidden = [
        "169.254.169.254", "169.254.0.1", "[::ffff:169.254.169.254]", "[fe80::1]", "[fd00:ec2::254]",
        "[64:ff9b::a9fe:a9fe]",
    ]

    private func failure(_ host: String, _ options: EndpointOptions = EndpointOptions()) async throws -> TransportError?
    {
        let transport = try Carrier.transport()
        let endpoint = try UpstreamEndpoint("http://\(host):9", options: options)
        do {
            let limits = TransportLimits(connect: .milliseconds(100))
            _ = try await transport.send(TransportRequest(method: "GET", path: "/"), to: endpoint, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test("a link-local address is refused, in any notation", arguments: forbidden)
    func linkLocal(host: String) async throws {
        let error = try #require(try await failure(host))
        #expect(error.code == .forbiddenAddress)
        #expect(!error.wasSent)
    }

    @Test("a link-local address that is permitted is tried")
    func permitted() async throws {
        let error = try await failure("169.254.0.1", EndpointOptions(allowsLinkLocal: true))
        #expect(error?.code != .forbiddenAddress)
    }

    @Test("the environment's proxies are not used")
    func environment() async throws {
        let proxy = try ScriptedServer { _ in [.response(418)] }
        for name in ["http_proxy", "all_proxy"] { unsafe setenv(name, proxy.baseURL, 1) }
        defer { for name in ["http_proxy", "all_proxy"] { unsafe unsetenv(name) } }
        let fixture = try TransportFixture { _ in [.response()] }
        #expect(try await fixture.send().status == 200)
        #expect(proxy.connectionCount == 0)
    }
}

@Suite("Proxies")
struct ProxyTests {
    private func send(
        _ url: String, through proxy: String, limits: TransportLimits = TransportLimits()
    ) async throws -> TransportResponse {
        let options = EndpointOptions(proxy: try ProxyAddress(proxy))
        return try await CurlTransport().send(
            TransportRequest(method: "POST", path: "/x", headers: [("Proxy-Authorization", "Basic client")], body: [1]),
            to: UpstreamEndpoint(url, options: options), limits: limits)
    }

    @Test("a request to a plain upstream goes through the proxy, with its credentials and not the client's")
    func plain() async throws {
        let proxy = try ScriptedServer { _ in [.response(body: [7])] }
        let response = try await send("http://upstream.invalid/v1", through: "http://me:p%40ss@127.0.0.1:\(proxy.port)")
        #expect(try await response.body.collect() == [7])
        let request = try #require(proxy.requests.first)
        #expect(request.target == "http://upstream.invalid/v1/x")
        #expect(request.header("host") == "upstream.invalid")
        #expect(request.header("proxy-authorization") == "Basic \(Data("me:p@ss".utf8).base64EncodedString())")
    }

    @Test(
        "a connection to an upstream with TLS is tunnelled; a proxy that refuses is an error, and its answer no answer")
    func tunnel() async throws {
        let proxy = try ScriptedServer(reading: .headOnly) { _ in
            [.response(407, headers: [("X-Proxy", "1")], body: [1]), .close]
        }
        let error = await #expect(throws: TransportError.self) {
            try await send("https://upstream.invalid", through: "http://127.0.0.1:\(proxy.port)")
        }
        #expect(error?.code == .connect)
        #expect(error?.wasSent == false)
        #expect(proxy.requests.first?.method == "CONNECT")
        #expect(proxy.requests.first?.target == "upstream.invalid:443")
        #expect(proxy.requests.allSatisfy { $0.header("proxy-authorization") == nil })
    }

    @Test("a SOCKS proxy carries an exchange, and is told the upstream's name and the credentials")
    func socks() async throws {
        let proxy = try TunnelServer(.socks5)
        let server = try ScriptedServer { [.response(headers: [("X-Path", $0.target)], body: $0.body)] }
        let response = try await send(
            "http://upstream.invalid:\(server.port)/v1", through: "socks5://me:canary@127.0.0.1:\(proxy.port)")
        #expect(response.status == 200 && response.header("x-path") == "/v1/x")
        #expect(try await response.body.collect() == [1])
        #expect(proxy.asked == ["me:canary@upstream.invalid:\(server.port)"])
    }

    @Test(
        "an exchange goes through a tunnel, whose end proves who it is",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")),
        arguments: ["http", "socks5"])
    func tunnelled(scheme: String) async throws {
        let certificates = try CertificateFolder("server")
        let server = try TLSServer(certificates)
        let proxy = try TunnelServer(scheme == "http" ? .connect : .socks5)
        let address = try ProxyAddress("\(scheme)://me:canary@127.0.0.1:\(proxy.port)")
        let trusting = EndpointOptions(certificateAuthorities: certificates("server.pem"), proxy: address)
        let transport = try CurlTransport()
        let request = TransportRequest(method: "GET", path: "/")
        let endpoint = try UpstreamEndpoint("https://localhost:\(server.port)", options: trusting)
        let response = try await transport.send(request, to: endpoint)
        #expect(String(decoding: try await response.body.collect(), as: UTF8.self).contains("TLS"))
        #expect(proxy.asked == ["me:canary@localhost:\(server.port)"])
        let error = await #expect(throws: TransportError.self) {
            try await transport.send(
                request,
                to: UpstreamEndpoint("https://localhost:\(server.port)", options: EndpointOptions(proxy: address)))
        }
        #expect(error?.code == .tls)
    }

    @Test("a proxy that is not there is a connect error", arguments: ["http", "https", "socks5"])
    func missing(scheme: String) async throws {
        let gone = try ScriptedServer { _ in [] }
        gone.stop()
        let error = await #expect(throws: TransportError.self) {
            try await send("http://127.0.0.1:1/v1", through: "\(scheme)://me:canary@127.0.0.1:\(gone.port)")
        }
        #expect(error?.code == .connect)
        #expect(error.map { "\($0)".contains("canary") } == false)
    }

    @Test(
        "a proxy's address that is not one is refused, and the error does not repeat it",
        arguments: [
            "", "canary", "ftp://canary:1", "http://canary", "http://h:1/canary", "http://a:canary@", "socks4://h:1",
        ])
    func malformed(url: String) {
        #expect {
            try ProxyAddress(url)
        } throws: { error in
            (error as? TransportError)?.code == .badURL && !"\(error)".contains("canary")
        }
    }

    @Test("no description of a proxy shows its credentials")
    func secrecy() throws {
        let proxy = try ProxyAddress("http://me:canary@h:1")
        var dumped = ""
        dump(EndpointOptions(proxy: proxy), to: &dumped)
        for text in ["\(proxy)", String(reflecting: proxy), dumped] { #expect(!text.contains("canary")) }
        #expect(proxy.url == "http://h:1")
    }
}
