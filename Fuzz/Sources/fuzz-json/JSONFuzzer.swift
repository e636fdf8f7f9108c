import FuzzSupport

@testable import ChatAPI

/// A text is JSON here exactly if a slow reader says so, has the same values there, and survives every edit.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = unsafe FuzzInput(start, count)
    let seed = input.byte()
    let bytes = input.remaining()
    let limits = JSONLimits(depth: 40, values: 1000)
    let document = try? JSONDocument(bytes, limits: limits)
    var reference = ReferenceJSON(bytes, depth: 40)
    let expected = reference.document()
    // The one may stop at its limit of values where the other goes on.
    if document != nil || reference.valueCount <= limits.values {
        require((document == nil) == (expected == nil), "both readers agree on what is JSON")
    }
    if let document, let expected { compare(document.root, expected) }
    if let request = try? ChatRequest(bytes, limits: limits) { edit(request, seed) }
    observe(bytes, seed)
    return 0
}

private func compare(_ value: JSONValue, _ expected: ReferenceJSON.Value) {
    switch expected {
    case .null: require(value.isNull, "null")
    case .bool(let bool): require(value.bool == bool, "truth value")
    case .number(let spelling): require(Array(value.rawBytes) == spelling, "number as written")
    case .string(let text): compare(value.string, text)
    case .array(let elements):
        let found = Array(value.elements)
        require(value.kind == .array && found.count == elements.count, "elements of an array")
        for (value, expected) in zip(found, elements) { compare(value, expected) }
    case .object(let members):
        let found = Array(value.members)
        require(value.kind == .object && found.count == members.count, "members of an object")
        for (member, expected) in zip(found, members) {
            compare(member.key, expected.key)
            compare(member.value, expected.value)
        }
    }
}

private func compare(_ string: JSONString?, _ text: [UInt8]?) {
    require(string != nil, "a string")
    guard let string else { return }
    require(string.utf8 == text, "text of a string")
    guard let text else { return }
    require(string.utf8Count == text.count, "length of a text")
    for count in [0, min(1, text.count), text.count / 2, text.count] {
        let opening = string.utf8(first: count) ?? []
        require(opening.count >= count && opening == Array(text.prefix(opening.count)), "opening of a text")
    }
    let middle = text.count / 2
    if let raw = string.rawRanges(ofText: [0..<middle, middle..<text.count]) {
        require(raw[0].lowerBound == string.contentRange.lowerBound, "ranges start where the content starts")
        require(raw[0].upperBound == raw[1].lowerBound, "ranges that touch in the text touch in the body")
        require(raw[1].upperBound == string.contentRange.upperBound, "ranges end where the content ends")
    }
}

private func edit(_ request: ChatRequest, _ seed: UInt8) {
    guard let edited = request.body(model: "m\"\n", includeUsage: true), let again = try? ChatRequest(edited) else {
        return require(false, "an edited request is a request")
    }
    require(again.model == "m\"\n" && again.includeUsage, "the edits are there")
    require(texts(of: again) == texts(of: request), "what was not edited stays")
    require(again.features.subtracting(request.features).isEmpty, "an edit adds no feature")
    let kept = request.messages.indices.filter { seed & 1 << ($0 % 8) != 0 }
    guard let fewer = request.body(keeping: kept.map { MessageSelection(whole: $0) }),
        let rest = try? ChatRequest(fewer)
    else { return require(false, "a request with fewer messages is a request") }
    require(texts(of: rest) == kept.map { texts(of: request)[$0] }, "the messages that stay are whole")
}

private func texts(of request: ChatRequest) -> [[[UInt8]?]] {
    request.messages.map { ($0.texts ?? []).map(\.string.utf8) }
}

/// What is read along does not depend on how the bytes are cut.
private func observe(_ bytes: [UInt8], _ seed: UInt8) {
    var whole = ResponseObserver()
    whole.observe(bytes)
    var cut = ResponseObserver()
    for piece in FuzzInput.pieces(of: bytes, seed: seed) { cut.observe(piece) }
    require(
        whole.usage == cut.usage && whole.finishReason == cut.finishReason && whole.sawError == cut.sawError
            && whole.isComplete == cut.isComplete, "an answer reads the same in pieces")
}
