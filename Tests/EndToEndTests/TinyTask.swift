import Foundation
import TestSupport

/// A small task with its folder, and a configuration that serves it.
struct TinyTask {
    static let template = "You turn questions into formulas.\n\nExamples\n"
    static let examples = [("two and two", "=A1+B1"), ("half of it", "=A1/2"), ("all of them", "=SUM(A:A)")]

    let folder: TinyModelFolder
    /// The model that serves it, if it is not a server.
    private let model: TinyEngineModel?
    var path: String { folder.path + "/tasks/tiny" }
    var ledger: String { folder.path + "/var/ledger.sqlite" }
    var config: String { folder.path + "/gateway.yaml" }

    /// Writes the task folder; the manifest has the schema's real fingerprint, and the model's real hashes if one is given.
    ///
    /// - Parameter stage: the manifest's stage, if it is not the last one.
    init(manifest: Bool = true, model: TinyEngineModel? = nil, stage: String? = nil) throws {
        self.model = model
        folder = try TinyModelFolder()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        _ = try folder.write(Self.template, to: "tasks/tiny/template.txt")
        let rows = Self.examples.map { "{\"query\": \"\($0.0)\", \"answer\": \"\($0.1)\"}\n" }
        _ = try folder.write(rows.joined(), to: "tasks/tiny/examples.jsonl")
        _ = try folder.write(Self.schema, to: "tasks/tiny/schema.yaml")
        guard manifest else { return }
        let check = try Program.run(["schema", "check", path + "/schema.yaml"])
        let fingerprint = check.output.split(separator: "\n").first { $0.hasPrefix("fingerprint") }
        let hash = fingerprint?.split(separator: " ").last ?? "none: \(check.errors)"
        let zero = String(repeating: "0", count: 64)
        _ = try folder.write(
            """
            {"format_version": \(stage == nil ? 1 : 3), "task": "tiny", "schema_fingerprint": "\(hash)",
             "tokenizer_sha256": "\(try model.map { try sha256($0.base + "/tokenizer.json") } ?? zero)",
             "base_model": {"folder": "\(model?.base ?? "base")",
              "sha256": "\(try model.map { try sha256($0.base + "/model.safetensors") } ?? zero)"},
             "adapter": {"folder": "\(model?.adapter ?? "adapter")",
              "sha256": "\(try model.map { try sha256($0.adapter + "/adapter_model.safetensors") } ?? zero)"},
             "stage": \(stage ?? #"{"tau": 0, "k": 0}"#), "figures": {}, "created": "2026-11-21T00:00:00Z"}
            """, to: "tasks/tiny/manifest.json")
    }

    /// Writes a configuration with these lines after the ledger's.
    func configure(_ lines: String) throws {
        _ = try folder.write("ledger: {file: var/ledger.sqlite}\n" + lines, to: "gateway.yaml")
    }

    /// A configuration whose tuned model and full-prompt model are two servers.
    func configure(tuned: Int, upstream: Int, mode: String = "on") throws {
        try configure(
            """
            servers:
              local: {base_url: "http://127.0.0.1:\(tuned)/v1"}
            upstreams:
              api: {base_url: "http://127.0.0.1:\(upstream)/v1", key: sk-upstream}
            tasks:
              - folder: tasks/tiny
                mode: \(mode)
                tuned: {backend: local, model: tiny-tuned}
                full_prompt: {backend: api, model: big}
            """)
    }

    /// A whole prompt of the task.
    static func prompt(
        _ query: String, template: String = Self.template, stream: Bool = false, more: String = ""
    ) -> String {
        let shown = examples.prefix(2).map { "Q: \($0.0)\nA: \($0.1)\n\n" }.joined()
        let system = (template + shown + "Now answer.").replacingOccurrences(of: "\n", with: "\\n")
        return "{ \"model\":\"tiny\", \"messages\":[{\"role\":\"system\",\"content\":\"\(system)\"},"
            + "{\"role\":\"user\",\"content\":\"\(query)\"}],\"temperature\":0"
            + (stream ? ",\"stream\":true" : "") + more + "}"
    }

    private static let schema = """
        task: tiny
        messages:
          - role: system
            parts:
              - template_file: template.txt
              - examples: {prefix: "Q: ", separator: "\\nA: ", suffix: "\\n\\n", bank: examples.jsonl}
              - template: Now answer.
          - role: user
            parts: [query]

        """
}

/// An upstream that answers chat completions with a fixed text, streamed or not, and everything else with an echo.
func chatServer(_ text: String) throws -> ScriptedServer {
    try ScriptedServer { request in
        guard request.target.hasSuffix("/chat/completions") else {
            return [.response(headers: [("content-type", "text/plain")], body: request.body)]
        }
        if request.bodyText.contains("\"stream\":true") {
            let events = text.map { letter in
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\(letter)\"},\"finish_reason\":null}]}\n\n"
            }
            return [.chunkedHead(headers: [("content-type", "text/event-stream")])] + events.map { .chunk($0) }
                + [.chunk("data: [DONE]\n\n"), .lastChunk]
        }
        let body = """
            {"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",\
            "content":"\(text)"},"finish_reason":"stop"}],\
            "usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}
            """
        return [.response(headers: [("content-type", "application/json")], body: Array(body.utf8))]
    }
}

/// The SHA-256 of a file, by the system's own tool.
func sha256(_ path: String) throws -> String {
    let pipe = Pipe()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    process.arguments = [path]
    process.standardOutput = pipe
    try process.run()
    process.waitUntilExit()
    return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile().prefix(64), as: UTF8.self)
}
