extension ChatRequest {
    /// The body with another model name, some messages or parts of their texts left out, and usage asked for in the
    /// stream; every byte that is not part of such a change stays as it came.
    ///
    /// - Parameters:
    ///   - model: the new name; nil keeps the client's.
    ///   - selection: the messages that stay, in ascending order; nil keeps all.
    ///   - includeUsage: true sets `stream_options.include_usage`, which is added if it is not there.
    /// - Returns: nil if a range cuts a character or an escape, or does not fit the request; then nothing may be left out.
    public func body(
        model: String? = nil, keeping selection: [MessageSelection]? = nil, includeUsage: Bool = false
    ) -> [UInt8]? {
        var edits = ByteEdits()
        if let model { edits.replace(modelRange, with: JSONWriter.encoded(model)) }
        if let selection, !keep(selection, &edits) { return nil }
        if includeUsage, !self.includeUsage { addIncludeUsage(&edits) }
        return edits.isEmpty ? body : edits.applied(to: body)
    }

    private func keep(_ selection: [MessageSelection], _ edits: inout ByteEdits) -> Bool {
        var kept: Set<Int> = []
        var last = -1
        for selected in selection {
            guard selected.index > last, selected.index < messages.count else { return false }
            last = selected.index
            kept.insert(last)
            if let ranges = selected.kept, !keep(ranges, of: messages[last], &edits) { return false }
        }
        edits.removeElements(messages.map(\.range)) { kept.contains($0) }
        return true
    }

    /// Keeps only some ranges of each text of a message.
    private func keep(_ kept: [[Range<Int>]], of message: ChatMessage, _ edits: inout ByteEdits) -> Bool {
        guard let texts = message.texts, texts.count == kept.count else { return false }
        let first = kept.firstIndex { ranges in ranges.contains { !$0.isEmpty } } ?? 0
        let staying = kept.indices.map { $0 == first || kept[$0].contains { !$0.isEmpty } }
        for index in texts.indices {
            guard let ranges = texts[index].string.rawRanges(ofText: kept[index]) else { return false }
            if staying[index] { keep(ranges, of: texts[index].string.contentRange, &edits) }
        }
        edits.removeElements(texts.compactMap(\.part)) { staying[$0] }
        return true
    }

    private func keep(_ ranges: [Range<Int>], of content: Range<Int>, _ edits: inout ByteEdits) {
        var at = content.lowerBound
        for range in ranges {
            edits.remove(at..<range.lowerBound)
            at = range.upperBound
        }
        edits.remove(at..<content.upperBound)
    }

    private func addIncludeUsage(_ edits: inout ByteEdits) {
        let option = Array(#""include_usage":true"#.utf8)
        let object = Array("{".utf8) + option + Array("}".utf8)
        guard let streamOptions else {
            edits.insert(Array(#","stream_options":"#.utf8) + object, at: end(ofMembersOf: document.root))
            return
        }
        guard streamOptions.kind == .object else {
            edits.replace(streamOptions.range, with: object)
            return
        }
        if let present = streamOptions["include_usage"] {
            edits.replace(present.range, with: Array("true".utf8))
        } else if streamOptions.members.contains(where: { _ in true }) {
            edits.insert(Array(",".utf8) + option, at: end(ofMembersOf: streamOptions))
        } else {
            edits.insert(option, at: streamOptions.range.lowerBound + 1)
        }
    }

    /// The place after the last member's value.
    private func end(ofMembersOf object: JSONValue) -> Int {
        var end = object.range.lowerBound + 1
        for member in object.members { end = member.value.range.upperBound }
        return end
    }
}
