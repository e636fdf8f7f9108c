/// The rules that make a parse decidable; checked once, when a schema is built.
struct SchemaValidation {
    let messages: [MessagePattern]
    let exampleTurns: ExampleTurns?
    let unknownExamples: UnknownExamplePolicy
    let normalizeLineEndings: Bool

    func check(id: String, version: String, allows: Set<String>) throws(SchemaError) {
        guard Self.isName(id) else { throw .invalidTaskName(id) }
        guard Self.isVersion(version) else { throw .invalidVersion(version) }
        for name in allows where name.isEmpty || name.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
            throw .invalidAllowance(name)
        }
        for (index, message) in messages.enumerated() { try check(message, index) }
        try checkQuery()
        try checkContexts()
        guard messages.contains(where: { $0.parts.contains(where: \.isLiteral) }) else { throw .noLiteral }
        try checkExamples()
    }

    private static func isName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
        }
        guard let first = bytes.first, bytes.count <= 64, isAlphanumeric(first) else { return false }
        return bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
    }

    private static func isVersion(_ version: String) -> Bool {
        (1...64).contains(version.utf8.count)
            && version.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                    || byte == 0x2E || byte == 0x5F || byte == 0x2D || byte == 0x2B
            }
    }

    private func check(_ message: MessagePattern, _ index: Int) throws(SchemaError) {
        guard !message.parts.isEmpty else { throw .emptyMessage(message: index) }
        var previousIsVariable = false
        for (number, part) in message.parts.enumerated() {
            if case .template(let literal, _) = part {
                guard !literal.isEmpty else { throw .emptyLiteral(message: index, part: number) }
                guard isUTF8(literal) else { throw .invalidUTF8(message: index, part: number) }
            } else if previousIsVariable {
                throw .adjacentVariables(message: index, part: number)
            }
            previousIsVariable = !part.isLiteral
            if case .context(let slot) = part, let limit = slot.maximumBytes, limit < 1 {
                throw .invalidLimit("maximum_bytes")
            }
            if case .query(let slot) = part, let limit = slot.maximumBytes, limit < 1 {
                throw .invalidLimit("maximum_bytes")
            }
        }
    }

    private func checkQuery() throws(SchemaError) {
        var found = false
        for (index, message) in messages.enumerated() {
            for (number, part) in message.parts.enumerated() {
                guard case .query = part else { continue }
                guard !found else { throw .secondQuery(message: index, part: number) }
                guard message.role == .user else { throw .queryOutsideUser(message: index) }
                found = true
            }
        }
        guard found else { throw .noQuery }
    }

    private func checkContexts() throws(SchemaError) {
        var names: Set<[UInt8]> = []
        for case .context(let slot) in messages.flatMap(\.parts)
        where !names.insert(Array(slot.name.utf8)).inserted {
            throw .duplicateContext(slot.name)
        }
    }

    private func checkExamples() throws(SchemaError) {
        var blocks: [ExampleBlock] = []
        for case .examples(let block) in messages.flatMap(\.parts) { blocks.append(block) }
        guard blocks.count + (exampleTurns == nil ? 0 : 1) <= 1 else { throw .severalExampleParts }
        if let block = blocks.first { try check(block) }
        if let turns = exampleTurns { try check(turns) }
    }

    private func check(_ block: ExampleBlock) throws(SchemaError) {
        let strict = unknownExamples != .fullPrompt
        guard !block.separator.isEmpty else { throw .emptyMarker("separator") }
        guard !block.prefix.isEmpty || (!strict && !block.suffix.isEmpty) else { throw .emptyMarker("prefix") }
        guard !block.suffix.isEmpty || !strict else { throw .emptyMarker("suffix") }
        if let maximum = block.maximum, maximum < 1 { throw .invalidLimit("maximum") }
        for (name, marker) in [("prefix", block.prefix), ("separator", block.separator), ("suffix", block.suffix)]
        where !isUTF8(marker) {
            throw .invalidMarker(name)
        }
        try checkBank(block.bank) { block.render($0) }
        guard strict else { return }
        let matcher = BlockMatcher(block, policy: unknownExamples, lineEndings: .asWritten)
        for (row, example) in block.bank.enumerated() where !matcher.reads(example) { throw .markerInExample(row: row) }
    }

    private func check(_ turns: ExampleTurns) throws(SchemaError) {
        guard (0...messages.count).contains(turns.position) else { throw .invalidTurnsPosition(turns.position) }
        if let maximum = turns.maximum, maximum < 1 { throw .invalidLimit("maximum") }
        let markers = [
            ("user_prefix", turns.userPrefix), ("user_suffix", turns.userSuffix),
            ("assistant_prefix", turns.assistantPrefix), ("assistant_suffix", turns.assistantSuffix),
        ]
        for (name, marker) in markers where !isUTF8(marker) { throw .invalidMarker(name) }
        try checkBank(turns.bank) { example in
            let pair = turns.render(example)
            return Array("\(pair[0].text.count) ".utf8) + pair[0].text + pair[1].text
        }
    }

    private func checkBank(_ bank: [Example], _ render: (Example) -> [UInt8]) throws(SchemaError) {
        var seen: [[UInt8]: Int] = [:]
        for (row, example) in bank.enumerated() {
            guard isUTF8(example.input), isUTF8(example.output) else { throw .invalidExample(row: row) }
            let canonical =
                normalizeLineEndings
                ? Example(
                    input: LineEndings.lf.applied(to: example.input), output: LineEndings.lf.applied(to: example.output)
                )
                : example
            if let first = seen.updateValue(row, forKey: render(canonical)) {
                throw .duplicateExample(first: first, second: row)
            }
        }
    }
}

/// Whether the bytes are valid UTF-8.
func isUTF8(_ bytes: [UInt8]) -> Bool {
    String(validating: bytes, as: UTF8.self) != nil
}

extension Part {
    /// Whether the part is fixed text.
    var isLiteral: Bool {
        if case .template = self { true } else { false }
    }
}
