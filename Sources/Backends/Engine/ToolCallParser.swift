import ChatAPI
import Tokenization

/// Finds the calls of tools in an answer while it comes, and leaves everything else as text.
///
/// A call names one of the request's tools; what looks like a call and is none in the end is text, as the model wrote
/// it. White space beside calls is dropped.
struct ToolCallParser: Sendable {
    enum Event: Sendable, Hashable {
        case text(String)
        case call(name: String, arguments: String)
    }

    private let format: ToolCallFormat
    /// The JSON schemas of the arguments, by the names that a call may have.
    private let schemas: [String: [UInt8]]
    private let opening: [UInt8]
    /// Calls beyond these are dropped; nil: there is no limit.
    private let limit: Int?
    private var held: [UInt8] = []
    private var isInside: Bool
    /// Whether what is held inside came after the opening itself.
    private var wasOpened = false
    /// The white space before that opening, which belongs to the text if no call follows.
    private var space: [UInt8] = []
    /// Where the next look for a closing begins: before this there is none that ends a call.
    private var searched = 0
    /// Llama's answers are calls or text as a whole.
    private var isTextOnly = false
    private(set) var calls = 0

    /// - Parameters:
    ///   - schemas: the JSON schemas of the arguments of the request's tools, by name.
    ///   - isInside: whether the answer begins with a call, its opening being part of the prompt.
    init(_ format: ToolCallFormat, schemas: [String: [UInt8]], isInside: Bool = false, limit: Int? = nil) {
        self.format = format
        self.schemas = schemas
        self.isInside = isInside
        self.limit = limit
        opening = Array(format.opening.utf8)
    }

    /// Takes the next piece of the answer.
    mutating func push(_ piece: String) -> [Event] {
        held += Array(piece.utf8)
        var events: [Event] = []
        while true {
            if isInside {
                guard let closed = takeClosed(&events), closed else { return events }
            } else if format == .llama3 {
                guard beginsLlama(&events) else { return events }
            } else if let place = held.firstRange(of: opening) {
                let text = Self.trimmed(held[..<place.lowerBound])
                append(text, to: &events)
                space = Array(held[text.endIndex..<place.lowerBound])
                held.removeSubrange(..<place.upperBound)
                (isInside, wasOpened, searched) = (true, true, 0)
            } else {
                let end = firstUncertain
                append(held[..<end], to: &events)
                held.removeSubrange(..<end)
                return events
            }
        }
    }

    /// Takes the answer's end.
    mutating func finish() -> [Event] {
        var events: [Event] = []
        if isInside {
            if let found = calls(in: held) {
                for call in found { append(call, to: &events) }
            } else {
                append((wasOpened ? space + opening : []) + held, to: &events)
            }
        } else if calls == 0 || !held.allSatisfy(Self.isSpace) {
            append(held[...], to: &events)
        }
        held = []
        return events
    }

    /// A call that ends before the answer does; nil or false if there is none yet. Where another opening follows, what
    /// stands before that is text after all.
    private mutating func takeClosed(_ events: inout [Event]) -> Bool? {
        guard let closing = format.closing.map({ Array($0.utf8) }) else { return nil }
        while let place = held[searched...].firstRange(of: closing) {
            if let found = calls(in: Array(held[..<place.lowerBound])) {
                for call in found { append(call, to: &events) }
                held.removeSubrange(..<place.upperBound)
                (isInside, wasOpened, searched) = (false, false, 0)
                return true
            }
            searched = place.upperBound
            guard wasOpened, let next = laterOpening(place) else { continue }
            append(space + opening + Self.trimmed(held[..<next.lowerBound]), to: &events)
            held.removeSubrange(..<next.upperBound)
            (space, searched) = ([], 0)
        }
        searched = max(searched, held.count - closing.count + 1)
        return false
    }

    /// Where a call opens after all, if what is held up to this closing is none: within it, or right behind it.
    private func laterOpening(_ closing: Range<Int>) -> Range<Int>? {
        if let last = held[..<closing.lowerBound].ranges(of: opening).last,
            calls(in: Array(held[last.upperBound..<closing.lowerBound])) != nil
        {
            return last
        }
        let start = held[closing.upperBound...].firstIndex { !Self.isSpace($0) } ?? held.endIndex
        return held[start...].starts(with: opening) ? start..<(start + opening.count) : nil
    }

    /// Whether a call may have begun; text is handed out.
    private mutating func beginsLlama(_ events: inout [Event]) -> Bool {
        if !isTextOnly {
            let start = held.firstIndex { !Self.isSpace($0) } ?? held.endIndex
            let rest = held[start...]
            if rest.starts(with: opening) {
                space = Array(held[..<start])
                held.removeSubrange(..<(start + opening.count))
                (isInside, wasOpened) = (true, true)
                return true
            }
            if rest.first == UInt8(ascii: "{") {
                isInside = true
                return true
            }
            if opening.starts(with: rest) { return false }
            isTextOnly = true
        }
        append(held[...], to: &events)
        held = []
        return false
    }

    /// Where text begins that may still turn out to stand beside a call: white space, then a part of the opening.
    private var firstUncertain: Int {
        var end = held.endIndex
        for count in stride(from: min(opening.count - 1, held.count), to: 0, by: -1)
        where held.suffix(count).elementsEqual(opening.prefix(count)) {
            end -= count
            break
        }
        while end > held.startIndex, Self.isSpace(held[end - 1]) { end -= 1 }
        return end
    }

    private mutating func append(_ call: Event, to events: inout [Event]) {
        guard calls < limit ?? .max else { return }
        calls += 1
        events.append(call)
    }

    private func append(_ text: some Collection<UInt8>, to events: inout [Event]) {
        if !text.isEmpty { events.append(.text(String(decoding: text, as: UTF8.self))) }
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// A text without white space at its end.
    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }

    /// The calls that a text is; nil if it is none.
    private func calls(in text: [UInt8]) -> [Event]? {
        if format == .qwen3Coder {
            return MarkupCall(text, schemas: schemas).map { [.call(name: $0.name, arguments: $0.arguments)] }
        }
        if let whole = try? JSONDocument(text).root {
            let values = whole.kind == .array ? Array(whole.elements) : [whole]
            let calls = values.compactMap(call)
            return calls.isEmpty || calls.count < values.count ? nil : calls
        }
        // Llama writes several calls with semicolons between them.
        guard format == .llama3 else { return nil }
        for place in text.indices where text[place] == UInt8(ascii: ";") {
            guard let first = try? JSONDocument(Array(text[..<place])).root, let call = call(first) else { continue }
            let rest = Array(text[(place + 1)...])
            if rest.allSatisfy(Self.isSpace) { return [call] }
            return calls(in: rest).map { [call] + $0 }
        }
        return nil
    }

    private func call(_ value: JSONValue) -> Event? {
        guard let name = value["name"]?.string?.text, schemas[name] != nil else { return nil }
        guard let arguments = value["arguments"] ?? value["parameters"], !arguments.isNull else {
            return .call(name: name, arguments: "{}")
        }
        if let text = arguments.string?.text {
            guard let document = try? JSONDocument(Array(text.utf8)), document.root.kind == .object else { return nil }
            return .call(name: name, arguments: text)
        }
        guard arguments.kind == .object else { return nil }
        return .call(name: name, arguments: String(decoding: arguments.rawBytes, as: UTF8.self))
    }
}

extension ToolCall {
    /// A call with a new name of its own: nine letters and digits for Mistral, whose templates ask for that.
    init(name: String, arguments: String, format: ToolCallFormat) {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        let count = format == .mistral ? 9 : 24
        let random = String((0..<count).map { _ in letters[Int.random(in: letters.indices)] })
        self.init(id: format == .mistral ? random : "call_" + random, name: name, arguments: arguments)
    }
}
