import Foundation
import Gateway
import PromptSchema
import Testing

@Suite("Manifests")
struct TaskManifestTests {
    private static let json = """
        {"format_version": 1, "task": "formulas", "schema_fingerprint": "aa", "tokenizer_sha256": "bb",
         "base_model": {"folder": "../../models/base", "sha256": "cc"}, "adapter": {"folder": "adapter", "sha256": "dd"},
         "stage": {"tau": 0.0, "k": 0}, "figures": {"exact_match": 0.97, "by": [1, null, {"a": true}]},
         "created": "2026-11-21T09:30:00Z"}
        """
    private static let facts = ManifestFacts(
        schemaFingerprint: "aa", tokenizerSHA256: "bb", baseSHA256: "cc", adapterSHA256: "dd")

    private func load(_ text: String) throws -> TaskManifest? {
        let folder = try LedgerFolder()
        try text.write(toFile: folder.path + "/manifest.json", atomically: true, encoding: .utf8)
        return try TaskManifest.load(taskFolder: folder.path)
    }

    @Test("a manifest is read from the documented keys and written with them again")
    func roundTrip() throws {
        let manifest = try #require(try load(Self.json))
        #expect(manifest.baseModel == .init(folder: "../../models/base", sha256: "cc"))
        #expect(manifest.stage == .init(tau: 0, k: 0))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let written = String(decoding: try encoder.encode(manifest), as: UTF8.self)
        #expect(
            written == #"{"adapter":{"folder":"adapter","sha256":"dd"},"base_model":{"folder":"../../models/base","#
                + #""sha256":"cc"},"created":"2026-11-21T09:30:00Z","figures":{"by":[1,null,{"a":true}],"#
                + #""exact_match":0.97},"format_version":1,"schema_fingerprint":"aa","stage":{"k":0,"tau":0},"#
                + #""task":"formulas","tokenizer_sha256":"bb"}"#)
    }

    @Test(
        "a stage that still needs a part of the prompt is version 3 and says which part; without that nothing is stripped"
    )
    func stages() throws {
        let stage = #""stage":{"k":2,"tau":0.5,"template":{"0":[[0,4],[9,12]],"1":[]}}"#
        let json = Self.json.replacingOccurrences(of: #""format_version": 1"#, with: #""format_version": 3"#)
            .replacingOccurrences(of: #""stage": {"tau": 0.0, "k": 0}"#, with: stage)
        let manifest = try #require(try load(json))
        #expect(manifest.stage.plan?.literals == [0: [0..<4, 9..<12], 1: []] && manifest.stage.plan?.examples == 2)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let written = String(decoding: try encoder.encode(manifest), as: UTF8.self)
        #expect(written.contains(stage) && written.contains(#""format_version":3"#))
        #expect(ManifestCheck(manifest, task: "formulas", facts: Self.facts).isMatch)
        let silent = json.replacingOccurrences(of: #","template":{"0":[[0,4],[9,12]],"1":[]}"#, with: "")
        guard case .differs(let problems) = ManifestCheck(try load(silent), task: "formulas", facts: Self.facts) else {
            Issue.record("a stage without its template was taken")
            return
        }
        #expect(problems.count == 1 && problems[0].contains("promote the stage again"))
        let provider = json.replacingOccurrences(
            of: #""tokenizer_sha256": "bb","#,
            with: #""provider_model": {"base": "b", "name": "n", "provider": "https://api.example/v1"},"#)
        #expect(try load(provider)?.providerModel?.name == "n")
        let backwards = json.replacingOccurrences(of: "[9,12]", with: "[12,9]")
        #expect(throws: GatewayError.self) { try load(backwards) }
    }

    @Test("a folder without a manifest has none")
    func missing() throws {
        let folder = try LedgerFolder()
        #expect(try TaskManifest.load(taskFolder: folder.path) == nil)
        #expect(ManifestCheck(nil, task: "formulas", facts: Self.facts) == .missing)
    }

    @Test(
        "a manifest that is not understood is refused by file and key",
        arguments: [
            ("{", "not JSON"), (#"{"format_version": 4}"#, "format_version is 4"),
            (#"{"format_version": 2, "task": "a", "schema_fingerprint": "b"}"#, "\"provider_model\" is missing"),
            (#"{"format_version": 1, "task": "a"}"#, "\"schema_fingerprint\" is missing"),
            (#"{"format_version": "1"}"#, "\"format_version\" has the wrong type"),
        ])
    func refused(text: String, says: String) throws {
        let error = #expect(throws: GatewayError.self) { try load(text) }
        #expect(error?.message.contains(says) == true)
        #expect(error?.message.contains("manifest.json") == true)
    }

    @Test("every hash that differs is named with what to do; what is not here is not compared")
    func differences() throws {
        let manifest = try #require(try load(Self.json))
        #expect(ManifestCheck(manifest, task: "formulas", facts: Self.facts) == .matches(manifest))
        var away = Self.facts
        (away.baseSHA256, away.adapterSHA256) = (nil, nil)
        #expect(ManifestCheck(manifest, task: "formulas", facts: away).isMatch)
        let changes: [(WritableKeyPath<ManifestFacts, String?>, String)] = [
            (\.tokenizerSHA256, "tokenizer"), (\.baseSHA256, "base model"), (\.adapterSHA256, "adapter"),
        ]
        for (path, name) in changes {
            var facts = Self.facts
            facts[keyPath: path] = "00"
            guard case .differs(let problems) = ManifestCheck(manifest, task: "formulas", facts: facts) else {
                Issue.record("\(name) was not compared")
                continue
            }
            #expect(problems.count == 1 && problems[0].contains(name) && problems[0].contains(": restore"))
        }
        #expect(!ManifestCheck(manifest, task: "other", facts: Self.facts).isMatch)
        var schema = Self.facts
        schema.schemaFingerprint = "ab"
        #expect(!ManifestCheck(manifest, task: "formulas", facts: schema).isMatch)
    }

    @Test("the manifest of a provider's model is version 2, and the configured model has to be that one")
    func providerModel() throws {
        let json =
            #"{"created":"2026-11-21T09:30:00Z","figures":{},"format_version":2,"#
            + #""provider_model":{"base":"gpt-x","name":"ft:gpt-x:o::1","provider":"https://api.example/v1"},"#
            + #""schema_fingerprint":"aa","stage":{"k":0,"tau":0},"task":"formulas"}"#
        let manifest = try #require(try load(json))
        #expect(manifest.providerModel?.name == "ft:gpt-x:o::1")
        #expect(manifest.baseModel == nil && manifest.adapter == nil && manifest.tokenizerSHA256 == nil)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(manifest), as: UTF8.self) == json)
        var facts = ManifestFacts(schemaFingerprint: "aa", tokenizerSHA256: nil)
        #expect(ManifestCheck(manifest, task: "formulas", facts: facts).isMatch)
        facts.tunedModel = "ft:gpt-x:o::1"
        #expect(ManifestCheck(manifest, task: "formulas", facts: facts).isMatch)
        facts.tunedModel = "ft:gpt-x:o::2"
        guard case .differs(let problems) = ManifestCheck(manifest, task: "formulas", facts: facts) else {
            Issue.record("another model was taken")
            return
        }
        #expect(problems.count == 1 && problems[0].contains("ft:gpt-x:o::2") && problems[0].contains("ft:gpt-x:o::1"))
    }
}
