import FuzzSupport
import PromptSchema

/// A rendered prompt gives back exactly its parts, or nothing is cut; and whatever else comes, every byte of a recognized
/// prompt is accounted for.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecognition(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = unsafe FuzzInput(start, count)
    guard let schema = schema(&input) else { return 0 }
    let index = SchemaIndex([schema])
    var parts = PromptParts(query: input.word(12))
    for name in schema.contextNames { parts.contexts[name] = input.word(8) }
    for _ in 0..<input.number(below: 4) where !schema.bank.isEmpty {
        parts.examples.append(.bank(input.number(below: schema.bank.count)))
    }
    guard var messages = try? schema.render(parts) else { return 0 }
    if case .task(let prompt) = check(messages, schema, index) {
        require(strip(prompt, from: messages).query == parts.query, "the query stays byte for byte")
        let stripped = strip(prompt, from: messages).messages.map { PromptMessage(role: $0.role, text: $0.text) }
        if let trained = try? schema.renderStripped(schema.parts(of: prompt, in: messages)) {
            require(trained == stripped, "what is stripped is what was trained away")
        }
    }
    while !input.isEmpty {
        let message = input.number(below: messages.count)
        let text = messages[message].text
        let offset = text.isEmpty ? 0 : input.number(below: text.count)
        if input.byte() & 1 == 0, !text.isEmpty {
            messages[message].text[offset] = input.byte()
        } else {
            messages[message].text.insert(contentsOf: input.word(4), at: offset)
        }
        _ = check(messages, schema, index)
    }
    return 0
}

/// Recognizes, alone and by an index, and checks what must hold for any messages.
private func check(_ messages: [PromptMessage], _ schema: Schema, _ index: SchemaIndex) -> Recognition {
    let recognition = schema.recognize(messages)
    require(index.recognize(messages) == recognition, "an index of one decides like its schema")
    let mayRecognize = index.mayRecognize(messageCount: messages.count) {
        Array(messages[$0].text.prefix(SchemaIndex.openingLength))
    }
    require(mayRecognize || recognition == .unknown(.noSchema), "the opening never hides a prompt")
    guard case .task(let prompt) = recognition else { return recognition }
    var ends = messages.map { _ in 0 }
    for segment in prompt.segments {
        require(segment.range.lowerBound == ends[segment.message], "segments follow one another")
        ends[segment.message] = segment.range.upperBound
    }
    require(ends == messages.map(\.text.count), "segments cover every byte")
    let again = try? schema.render(schema.parts(of: prompt, in: messages))
    if !schema.normalizeLineEndings { require(again == messages, "the parts render to the prompt") }
    require(again != nil, "the parts of a recognized prompt can be rendered")
    return recognition
}

private func schema(_ input: inout FuzzInput) -> Schema? {
    let shape = input.byte()
    var parts: [Part] = []
    if shape & 1 != 0 { parts.append(.template(input.word(6), keep: shape & 2 != 0)) }
    if shape & 4 != 0 {
        parts.append(.examples(block(&input)))
        parts.append(.template(input.word(4), keep: false))
    }
    if shape & 8 != 0 {
        parts.append(.context(Slot("context", maximumBytes: 40)))
        parts.append(.template(input.word(4), keep: false))
    }
    parts.append(.query(maximumBytes: 60))
    if shape & 16 != 0 { parts.append(.template(input.word(4), keep: false)) }
    var messages = [MessagePattern(role: .user, parts: parts)]
    if shape & 32 != 0 {
        messages.insert(MessagePattern(role: .system, parts: [.template(input.word(50), keep: false)]), at: 0)
    }
    let turns = shape & 64 != 0 && shape & 4 == 0
    return try? Schema(
        id: "fuzz", messages: messages,
        exampleTurns: turns
            ? ExampleTurns(position: messages.count - 1, userPrefix: input.word(2), bank: bank(&input)) : nil,
        unknownExamples: UnknownExamplePolicy.allCases[input.number(below: 3)],
        normalizeLineEndings: shape & 128 != 0)
}

private func block(_ input: inout FuzzInput) -> ExampleBlock {
    ExampleBlock(prefix: input.word(3), separator: input.word(3), suffix: input.word(3), bank: bank(&input))
}

private func bank(_ input: inout FuzzInput) -> [Example] {
    (0..<input.number(below: 4)).map { _ in Example(input: input.word(3), output: input.word(3)) }
}
