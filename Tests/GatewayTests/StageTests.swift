import ChatAPI
import Experimentation
import Gateway
import Ledger
import PromptSchema
import Testing

@Suite("An intermediate stage in service")
struct StageTests {
    private static let template = GatewayFixture.template

    /// The manifest of a stage that keeps the template's bytes in `range`.
    private static func manifest(_ range: Range<Int>, k: Int = 0) -> ManifestCheck {
        .matches(
            TaskManifest(
                task: "formulas", schemaFingerprint: "f", tokenizerSHA256: "t",
                baseModel: .init(folder: "b", sha256: "b"), adapter: .init(folder: "a", sha256: "a"),
                stage: .init(tau: 0.5, k: k, template: [0: [range]]), created: "2026-01-01T00:00:00Z"))
    }

    @Test("the tuned model gets what the stage keeps of the template, and the ledger counts it as sent")
    func cuts() async throws {
        let kept = "Alma = QX7\n"
        let start = Self.template.utf8.count - kept.utf8.count
        let fixture = try await GatewayFixture(manifest: Self.manifest(start..<Self.template.utf8.count))
        let reply = await fixture.chat()
        #expect(reply.header("x-promptintern-arm") == "internalized")
        let sent = try #require(fixture.tuned.requests.first)
        let request = try ChatRequest(sent.body)
        let texts = request.messages.map { ($0.texts ?? []).compactMap { $0.string.utf8 }.flatMap { $0 } }
        #expect(texts == [Array(kept.utf8), Array(GatewayFixture.query.utf8)])
        _ = try await reply.text()
        let before = try #require(reply.header("x-promptintern-tokens-before").flatMap { Int($0) })
        let after = try #require(reply.header("x-promptintern-tokens-after").flatMap { Int($0) })
        #expect(after < before)
        let row = try #require(try await fixture.rows().first)
        #expect(row.tokens.sent.template > 0 && row.tokens.sent.template < row.tokens.full.template)
    }

    @Test("a stage whose cuts are not the template's, or that needs more examples than came, sends the full prompt")
    func doubts() async throws {
        let beyond = Self.template.utf8.count + 1
        for (manifest, reason) in [
            (Self.manifest(0..<beyond), "manifest"), (Self.manifest(0..<4, k: 1), "unstrippable"),
        ] {
            let fixture = try await GatewayFixture(manifest: manifest)
            let reply = await fixture.chat()
            #expect(reply.header("x-promptintern-arm") == "full_prompt")
            #expect(reply.header("x-promptintern-reason")?.hasPrefix(reason) == true, "\(reply.headers)")
            #expect(fixture.tuned.requests.isEmpty && fixture.full.requests.count == 1)
        }
    }
}
