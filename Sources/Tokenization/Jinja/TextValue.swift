/// Text on its way through a template, which remembers where each of its bytes came from.
///
/// What the template's author wrote may become a control token; what a request says never does. A message's text also
/// remembers its place, so that tokens can be counted by the parts of a message.
struct TextValue: Sendable {
    enum Source: Equatable, Sendable {
        /// The template, or a token of the model's own configuration.
        case template
        /// The request.
        case input
        /// The text of the message with this index.
        case message(Int)
    }

    /// Bytes of one source; in a message, `offset` is where they begin there.
    struct Run: Sendable {
        var count: Int
        var source: Source
        var offset: Int
    }

    private(set) var bytes: [UInt8] = []
    private(set) var runs: [Run] = []

    init() {}

    init(_ bytes: [UInt8], _ source: Source) {
        self.bytes = bytes
        if !bytes.isEmpty { runs = [Run(count: bytes.count, source: source, offset: 0)] }
    }

    /// Text of the template's author.
    init(_ text: String) {
        self.init(Array(text.utf8), .template)
    }

    var isEmpty: Bool { bytes.isEmpty }

    /// The text, for comparisons and names.
    var string: String { String(decoding: bytes, as: UTF8.self) }

    mutating func append(_ other: TextValue) {
        bytes += other.bytes
        for run in other.runs { append(run) }
    }

    private mutating func append(_ run: Run) {
        guard run.count > 0 else { return }
        if let last = runs.last, last.source == run.source {
            switch run.source {
            case .message where last.offset + last.count != run.offset: break
            default:
                runs[runs.count - 1].count += run.count
                return
            }
        }
        runs.append(run)
    }

    /// The bytes of `range`, with their sources.
    func slice(_ range: Range<Int>) -> TextValue {
        if range == 0..<bytes.count { return self }
        var result = TextValue()
        result.bytes = Array(bytes[range])
        var start = 0
        for run in runs {
            let low = max(start, range.lowerBound)
            let high = min(start + run.count, range.upperBound)
            if low < high {
                result.runs.append(Run(count: high - low, source: run.source, offset: run.offset + low - start))
            }
            start += run.count
            if start >= range.upperBound { break }
        }
        return result
    }

    /// The text with each scalar replaced; every byte keeps its source.
    func mapped(_ change: (Unicode.Scalar) -> String) -> TextValue {
        var result = TextValue()
        var start = 0
        for run in runs {
            var text: [UInt8] = []
            for scalar in String(decoding: bytes[start..<start + run.count], as: UTF8.self).unicodeScalars {
                text += change(scalar).utf8
            }
            result.append(TextValue(bytes: text, run))
            start += run.count
        }
        return result
    }

    private init(bytes: [UInt8], _ run: Run) {
        self.bytes = bytes
        if !bytes.isEmpty { runs = [Run(count: bytes.count, source: run.source, offset: run.offset)] }
    }

    /// Where each scalar starts, and the end.
    var scalarOffsets: [Int] {
        var offsets: [Int] = []
        offsets.reserveCapacity(bytes.count + 1)
        let span = bytes.span
        var index = 0
        while index < span.count {
            offsets.append(index)
            index += span.scalar(at: index).length
        }
        offsets.append(index)
        return offsets
    }

    /// The number of scalars, Python's length of a string.
    var scalarCount: Int {
        let span = bytes.span
        var index = 0
        var count = 0
        while index < span.count {
            index += span.scalar(at: index).length
            count += 1
        }
        return count
    }

    /// The template's own part of the text; each stretch of a request becomes an ellipsis, to be shown in errors.
    var redacted: String {
        var result = ""
        var start = 0
        for run in runs {
            result += run.source == .template ? String(decoding: bytes[start..<start + run.count], as: UTF8.self) : "…"
            start += run.count
        }
        return result
    }
}

extension TextValue: Equatable {
    /// Texts are equal when their bytes are, wherever they came from.
    static func == (left: TextValue, right: TextValue) -> Bool { left.bytes == right.bytes }
}
