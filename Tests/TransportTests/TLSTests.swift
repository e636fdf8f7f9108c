import Foundation
import TestSupport
import Testing
import Transport

@Suite("TLS", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
struct TLSTests {
    private func outcome(
        _ server: TLSServer, host: String = "localhost", _ options: EndpointOptions
    ) async throws -> Result<String, TransportError> {
        let transport = try CurlTransport()
        let endpoint = try UpstreamEndpoint("https://\(host):\(server.port)", options: options)
        do {
            let response = try await transport.send(TransportRequest(method: "GET", path: "/"), to: endpoint)
            return .success(String(decoding: try await response.body.collect(), as: UTF8.self))
        } catch {
            return .failure(error)
        }
    }

    private func expectRefusal(_ result: Result<String, TransportError>, _ what: Comment) {
        guard case .failure(let error) = result else {
            Issue.record(what)
            return
        }
        #expect(error.code == .tls, what)
        #expect(!error.wasSent, what)
    }

    @Test("a certificate is accepted only from a trusted authority, for the right host, and in its time")
    func verification() async throws {
        let certificates = try CertificateFolder("server", "other", "expired")
        let server = try TLSServer(certificates)
        let trusting = EndpointOptions(certificateAuthorities: certificates("server.pem"))
        await #expect(throws: Never.self) { try await outcome(server, trusting).get() }
        expectRefusal(try await outcome(server, EndpointOptions()), "the system does not know the authority")
        expectRefusal(
            try await outcome(server, EndpointOptions(certificateAuthorities: certificates("other.pem"))),
            "the private authority is another one")
        expectRefusal(try await outcome(server, host: "127.0.0.1", trusting), "the certificate is for another host")
        let expired = try TLSServer(certificates, "expired")
        expectRefusal(
            try await outcome(expired, EndpointOptions(certificateAuthorities: certificates("expired.pem"))),
            "the certificate has expired")
    }

    @Test("a version of TLS below the lowest permitted one is refused")
    func versions() async throws {
        let certificates = try CertificateFolder("server")
        var options = EndpointOptions(certificateAuthorities: certificates("server.pem"))
        let old = try TLSServer(certificates, arguments: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
        expectRefusal(try await outcome(old, options), "TLS 1.1")
        let usual = try TLSServer(certificates, arguments: ["-tls1_2"])
        #expect(try await outcome(usual, options).get().contains("TLSv1.2"))
        options.minimumTLS = .tls13
        expectRefusal(try await outcome(usual, options), "TLS 1.2 where 1.3 is wanted")
    }

    @Test("a client certificate is shown to the upstream that asks for one")
    func clientCertificate() async throws {
        let certificates = try CertificateFolder("server", "client")
        let server = try TLSServer(
            certificates,
            arguments: ["-tls1_2", "-Verify", "1", "-verify_return_error", "-CAfile", certificates("client.pem")])
        var options = EndpointOptions(certificateAuthorities: certificates("server.pem"))
        let without = try await outcome(server, options)
        #expect(throws: TransportError.self) { try without.get() }
        options.clientCertificate = ClientCertificate(
            certificate: certificates("client.pem"), key: certificates("client.key"))
        await #expect(throws: Never.self) { try await outcome(server, options).get() }
        options.clientCertificate?.key = certificates("missing.key")
        expectRefusal(try await outcome(server, options), "the key cannot be read")
    }
}
