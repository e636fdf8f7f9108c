/// What recognition did with a request, for a person to read.
public struct Explanation: Sendable, Hashable {
    /// One stretch of the request.
    public struct Row: Sendable, Hashable {
        /// What the stretch is.
        public let kind: SegmentKind
        /// Its message, and its bytes in that message's text.
        public let message: Int, range: Range<Int>
        /// Whether it stays in the stripped prompt.
        public let kept: Bool
        /// For a known example, its index in the bank.
        public let example: Int?
        /// For a context or query, the name of its slot.
        public let slot: String?

        /// The number of bytes of the stretch.
        public var byteCount: Int { range.count }
    }

    /// The place at which an unrecognized request leaves the schema.
    public struct Difference: Sendable, Hashable {
        /// The message, and the byte offset in its text.
        public let message: Int, offset: Int
        /// The next bytes of the template, escaped; empty where the template ends.
        public let expected: String
        /// The one byte that the request has there, escaped; empty where its text ends.
        public let found: String
    }

    /// The task that matched or came nearest.
    public let task: String?
    /// The stretches of a recognized request, covering all its bytes; empty otherwise.
    public let rows: [Row]
    /// Why the request was not recognized, or `nil` if it was.
    public let reason: UnknownReason?
    /// Where it differs, if there is one such place.
    public let difference: Difference?

    /// How many bytes stay.
    public var keptByteCount: Int { rows.reduce(0) { $1.kept ? $0 + $1.byteCount : $0 } }

    /// How many bytes are taken out.
    public var removedByteCount: Int { rows.reduce(0) { $1.kept ? $0 : $0 + $1.byteCount } }
}

extension SchemaIndex {
    /// Recognizes the messages and tells what was found, stretch by stretch, or where they leave the schema.
    public func explain(_ messages: [PromptMessage]) -> Explanation {
        switch decide(messages) {
        case .matched(let number, let segments):
            let rows = segments.map { segment in
                Explanation.Row(
                    kind: segment.kind, message: segment.message, range: segment.range, kept: segment.kept,
                    example: segment.example, slot: segment.slot)
            }
            return Explanation(task: schemas[number].id, rows: rows, reason: nil, difference: nil)
        case .failed(let failure):
            return Explanation(
                task: failure.reason.task, rows: [], reason: failure.reason,
                difference: difference(failure, messages))
        }
    }

    private func difference(_ failure: Failure, _ messages: [PromptMessage]) -> Explanation.Difference? {
        guard let place = failure.reason.place, place.message < messages.count else { return nil }
        let text = messages[place.message].text
        let found = place.offset < text.count ? escaped([text[place.offset]]) : ""
        return Explanation.Difference(
            message: place.message, offset: place.offset, expected: escaped(failure.expected), found: found)
    }
}

extension Schema {
    /// Recognizes the messages under this schema alone and tells what was found.
    public func explain(_ messages: [PromptMessage]) -> Explanation {
        SchemaIndex([self]).explain(messages)
    }
}

/// The bytes as printable ASCII, with everything else as `\n`, `\r`, `\t`, `\\` or `\xNN`.
func escaped(_ bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes {
        switch byte {
        case 0x0A: text += "\\n"
        case 0x0D: text += "\\r"
        case 0x09: text += "\\t"
        case 0x5C: text += "\\\\"
        case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 16)
            text += "\\x" + (digits.count == 1 ? "0" : "") + digits
        }
    }
    return text
}
