import Gateway
import Ledger
import TestSupport
import Testing

@Suite("Upstreams whose certificates are wrong", .enabled(if: CertificateFolder.isPossible))
struct UpstreamTLSTests {
    @Test(
        "502 without a detail, one row, never tried again; a tuned model's is replaced by the full prompt",
        arguments: [false, true])
    func certificates(streams: Bool) async throws {
        let folder = try CertificateFolder("server", "other", "expired")
        let server = try TLSServer(folder)
        let expired = try TLSServer(folder, "expired")
        let old = try TLSServer(folder, arguments: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
        let full = try ScriptedServer(FaultFixture.sound)
        let cases: [(what: Comment, url: String, authorities: String?)] = [
            ("unknown authority", "https://localhost:\(server.port)", nil),
            ("another authority", "https://localhost:\(server.port)", folder("other.pem")),
            ("wrong host", "https://127.0.0.1:\(server.port)", folder("server.pem")),
            ("expired", "https://localhost:\(expired.port)", folder("expired.pem")),
            ("an old version", "https://localhost:\(old.port)", folder("server.pem")),
        ]
        for (what, url, authorities) in cases {
            let provider = try await FaultFixture(upstreams: [url], authorities: authorities)
            let outcome = try await provider.chat(streams: streams)
            #expect(outcome.status == 502 && outcome.text.contains("upstream_unavailable"), what)
            #expect(!outcome.text.lowercased().contains("certificate") && !outcome.text.contains("localhost"), what)
            #expect(outcome.rows.map(\.outcome) == [.failed] && outcome.rows.first?.tokens.sent.total == 0, what)
            let fixture = try await FaultFixture(tuned: url, upstreams: [full.baseURL], authorities: authorities)
            let fallen = try await fixture.chat(task: true, streams: streams)
            #expect(fallen.status == 200 && fallen.rows.map(\.reason) == ["on", "tuned_failed"], what)
        }
    }
}
