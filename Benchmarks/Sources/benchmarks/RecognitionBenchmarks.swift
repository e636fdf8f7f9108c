import ChatAPI
import PromptSchema

/// From the bytes of a request to the decision what of it may be left out, and the body without it.
enum RecognitionBenchmarks {
    static func run() -> [Row] {
        var rows: [Row] = []
        let index = SchemaIndex(schemas(1))
        let thousand = SchemaIndex(schemas(1000))
        let hundred = SchemaIndex(schemas(100))
        for (name, body) in [
            ("template of 32 KB", prompt(template: 32 << 10, context: 0)),
            ("template of 16 KB, context of 16 KB", prompt(template: 16 << 10, context: 16 << 10)),
        ] {
            rows.append(row("bytes to stripped body, \(name)", body, batch: 1) { decide($0, index) })
        }
        let known = prompt(template: 32 << 10, context: 0)
        let messages = messages(of: known) ?? []
        for (name, index) in [("1 schema", index), ("1000 schemas", thousand)] {
            rows.append(
                Row(
                    name: "recognition alone, 32 KB, \(name)",
                    measurement: Measurement {
                        if case .task(let prompt) = index.recognize(messages) { prompt.segments.count } else { 0 }
                    }))
        }
        for kilobytes in [1, 128] {
            let body = Texts.chat(.escapes, bytes: kilobytes << 10)
            rows.append(row("no task, \(kilobytes) KB, 100 schemas", body) { decide($0, hundred) })
        }
        return rows
    }

    private static func row(
        _ name: String, _ body: [UInt8], batch: Int? = nil, _ decide: (ChatRequest) -> Int
    ) -> Row {
        // The reading of the body is another row.
        guard let request = try? ChatRequest(body) else { return Row(name: name, measurement: Measurement { 0 }) }
        return Row(name: name, measurement: Measurement(batch: batch) { decide(request) }, bytes: body.count)
    }

    private static func decide(_ request: ChatRequest, _ index: SchemaIndex) -> Int {
        guard index.mayRecognize(messageCount: request.messages.count, opening: { opening(of: $0, in: request) }),
            let messages = messages(of: request), case .task(let prompt) = index.recognize(messages)
        else { return 0 }
        let stripped = strip(prompt, from: messages)
        let selection = stripped.messages.map { MessageSelection($0.source, kept: $0.ranges) }
        return request.body(model: "tuned", keeping: selection)?.count ?? 0
    }

    private static func opening(of message: Int, in request: ChatRequest) -> [UInt8] {
        request.messages[message].texts?.first?.string.utf8(first: SchemaIndex.openingLength) ?? []
    }

    private static func messages(of body: [UInt8]) -> [PromptMessage]? {
        (try? ChatRequest(body)).flatMap { messages(of: $0) }
    }

    private static func messages(of request: ChatRequest) -> [PromptMessage]? {
        request.messages.map { message in
            PromptMessage(
                role: message.role.flatMap(Role.init) ?? .user, text: message.texts?.first?.string.utf8 ?? [])
        }
    }

    /// Schemas that differ in their first line; only the first one's prompts are sent.
    private static func schemas(_ count: Int) -> [Schema] {
        (0..<count).compactMap { number in
            try? Schema(
                id: "task-\(number)",
                messages: [
                    MessagePattern(
                        role: .system,
                        parts: [.template("Task \(number).\n" + template(32 << 10))]),
                    MessagePattern(
                        role: .user, parts: [.template("Question:\n"), .query()]),
                ])
        }
            + [
                try? Schema(
                    id: "context",
                    messages: [
                        MessagePattern(
                            role: .user,
                            parts: [
                                .template("Read this.\n" + template(16 << 10) + "\n<document>\n"),
                                .context(Slot("document")),
                                .template("\n</document>\nQuestion:\n"), .query(),
                            ])
                    ])
            ].compactMap(\.self)
    }

    private static func template(_ bytes: Int) -> String {
        let line = "- Answer in one word, and say \"unknown\" if the text does not tell.\n"
        return String(repeating: line, count: bytes / line.utf8.count)
    }

    private static func prompt(template bytes: Int, context: Int) -> [UInt8] {
        let question = "Which city is the capital?"
        let messages =
            context == 0
            ? [("system", "Task 0.\n" + template(bytes)), ("user", "Question:\n" + question)]
            : [
                (
                    "user",
                    "Read this.\n" + template(bytes) + "\n<document>\n" + Texts.content(.plain, bytes: context)
                        + "\n</document>\nQuestion:\n" + question
                )
            ]
        var json = JSONWriter()
        json.object { json in
            json.member("model", "gpt-4o-mini")
            json.array("messages") { json in
                for (role, text) in messages {
                    json.object { json in
                        json.member("role", role)
                        json.member("content", text)
                    }
                }
            }
        }
        return json.bytes
    }
}
