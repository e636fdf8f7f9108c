import Foundation
import Testing

@testable import Configuration

@Suite("settings as text")
struct SettingsTextTests {
    private static let file = """
        listen: "[::1]:9001"
        ledger: {file: "odd name: #1.sqlite", durability: power}
        prices: prices.yaml
        engines:
          demo: {model: tasks/demo/base, adapters: {demo: tasks/demo/adapter, "7": "/models/o \\"ther"}, threads: 3}
        servers:
          vllm: {base_url: "http://gpu:8000/v1", key: canary-secret-1}
        upstreams:
          openai: {base_url: https://api.openai.com/v1, key_env: KEY, model_map: {small: gpt-4o-mini}}
        client_keys: [{env: KEY}, {sha256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae}]
        tasks:
          - {folder: tasks/demo, mode: canary:25, tuned: {backend: demo, model: demo}}
          - {folder: tasks/other, mode: on, full_prompt: {backend: openai}}
        limits: {body_bytes: 2048, tuned_first_token_seconds: 0.5, idle_seconds: 7}
        kill_switch: true
        """

    @Test("every value is there under its key, and no secret is")
    func values() throws {
        let settings = try GatewaySettings.parse(Self.file, file: "c.yaml", environment: ["KEY": "canary-secret-2"])
        let text = settings.text
        #expect(!text.contains("canary-secret"))
        for part in [
            "listen: \"[::1]:9001\"\n", "  file: \"odd name: #1.sqlite\"\n  durability: power\n",
            "prices: prices.yaml\n",
            "engines:\n  demo:\n    model: tasks/demo/base\n    base_name: demo-base\n    adapters:\n",
            "      7:\n        folder: \"/models/o \\\"ther\"\n", "    queue: 64\n", "      - \"http://gpu:8000/v1\"\n",
            "    key: \"[secret]\"\n", "      small: gpt-4o-mini\n", "  - key: \"[secret]\"\n", "  - sha256: 2c26b46b",
            "  - folder: tasks/demo\n    mode: \"canary:25\"\n    tuned:\n      backend: demo\n      model: demo\n",
            "    full_prompt:\n      backend: openai\n", "  body_bytes: 2048\n", "  tuned_first_token_seconds: 0.5\n",
            "  idle_seconds: 7\n", "  total_seconds: 3600\n", "kill_switch: true\n",
        ] { #expect(text.contains(part), "\(part) is not in\n\(text)") }
        #expect(!text.contains("lines:") && !text.contains("\nfile:"))
    }

    @Test("the text is a configuration that says the same")
    func round() throws {
        var settings = try GatewaySettings.parse(
            Self.file, file: "c.yaml", environment: ["KEY": SettingsOutline.mask])
        settings.clientKeys = []
        // Their options have names of their own, closer to what they do than to how they are written.
        settings.servers = []
        settings.upstreams = []
        settings.tasks[1].fullPrompt = nil
        var again = try GatewaySettings.parse(settings.text, file: "c.yaml", environment: [:])
        again.lines = settings.lines
        #expect(again == settings)
    }

    @Test("properties have the file's spelling", arguments: [("baseURL", "base_url"), ("killSwitch", "kill_switch")])
    func keys(_ property: String, _ key: String) {
        #expect(SettingsOutline.key(property) == key)
    }
}

@Suite("the configuration's schema")
struct ConfigurationSchemaTests {
    private func keys(_ path: String...) throws -> Set<String> {
        let data = Data(ConfigurationSchema.json.utf8)
        var place = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        for name in path { place = try #require(place[name] as? [String: Any]) }
        #expect(place["additionalProperties"] as? Bool == false)
        return Set(try #require(place["properties"] as? [String: Any]).keys)
    }

    @Test("it names the keys that the reader takes, at every level")
    func levels() throws {
        #expect(try keys().isSuperset(of: ["listen", "engines", "tasks", "limits", "kill_switch", "passthrough"]))
        #expect(try keys("properties", "ledger").isSuperset(of: ["file", "durability"]))
        let engine = try keys("properties", "engines", "additionalProperties")
        #expect(
            engine.isSuperset(of: [
                "model", "base_name", "adapters", "threads", "sequences", "queue", "cache_mib", "prefix_cache", "chunk",
                "guesses", "precision",
            ]))
        #expect(try keys("properties", "upstreams", "additionalProperties").contains("base_url"))
        #expect(
            try keys("properties", "upstreams", "additionalProperties", "properties", "retry") == ["attempts", "on"])
        #expect(
            try keys("properties", "routing", "items").isSuperset(of: ["model", "task", "max_prompt_tokens", "to"]))
        #expect(try keys("properties", "tasks", "items").isSuperset(of: ["folder", "mode", "tuned", "full_prompt"]))
        #expect(try keys("properties", "tasks", "items", "properties", "tuned") == ["backend", "model"])
        #expect(try keys("properties", "limits").contains("total_seconds"))
        #expect(try keys("properties", "client_keys", "items").isSuperset(of: ["sha256", "env", "file"]))
    }
}
