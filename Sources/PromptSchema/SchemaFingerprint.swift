import Crypto

/// The canonical serialisation of a schema, hashed.
///
/// Every field is written as a tag, its length as a decimal number, a colon and its bytes, so that no two different
/// schemas serialise alike. The task's name, its version and the slots' names decide nothing and are left out.
struct SchemaFingerprint {
    private var hash = SHA256()

    static func hexadecimal(
        messages: [MessagePattern], exampleTurns: ExampleTurns?, unknownExamples: UnknownExamplePolicy,
        normalizeLineEndings: Bool, allows: Set<String>
    ) -> String {
        var fingerprint = SchemaFingerprint()
        fingerprint.add("prompt-schema", "1")
        fingerprint.add("unknown-examples", unknownExamples.rawValue)
        fingerprint.add("line-endings", normalizeLineEndings ? "normalized" : "exact")
        for name in allows.map({ Array($0.utf8) }).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            fingerprint.add("allow", name)
        }
        for (index, message) in messages.enumerated() {
            if let turns = exampleTurns, turns.position == index { fingerprint.add(turns) }
            fingerprint.add("message", message.role.rawValue)
            for part in message.parts { fingerprint.add(part) }
        }
        if let turns = exampleTurns, turns.position == messages.count { fingerprint.add(turns) }
        let digits = Array("0123456789abcdef".utf8)
        let text = fingerprint.hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func add(_ tag: String, _ bytes: [UInt8]) {
        hash.update(data: Array("\(tag) \(bytes.count):".utf8))
        hash.update(data: bytes)
    }

    private mutating func add(_ tag: String, _ text: String) { add(tag, Array(text.utf8)) }

    private mutating func add(_ tag: String, limit: Int?) { add(tag, limit.map(String.init) ?? "none") }

    private mutating func add(_ part: Part) {
        switch part {
        case .template(let literal, let keep):
            add(keep ? "kept-template" : "template", literal)
        case .examples(let block):
            add("examples-prefix", block.prefix)
            add("examples-separator", block.separator)
            add("examples-suffix", block.suffix)
            add("examples-maximum", limit: block.maximum)
            add(block.bank)
        case .context(let slot):
            add("context-maximum", limit: slot.maximumBytes)
        case .query(let slot):
            add("query-maximum", limit: slot.maximumBytes)
        }
    }

    private mutating func add(_ turns: ExampleTurns) {
        add("turns-user-prefix", turns.userPrefix)
        add("turns-user-suffix", turns.userSuffix)
        add("turns-assistant-prefix", turns.assistantPrefix)
        add("turns-assistant-suffix", turns.assistantSuffix)
        add("turns-maximum", limit: turns.maximum)
        add(turns.bank)
    }

    private mutating func add(_ bank: [Example]) {
        for example in bank {
            add("input", example.input)
            add("output", example.output)
        }
    }
}
