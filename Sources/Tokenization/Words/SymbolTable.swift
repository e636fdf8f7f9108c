/// The tokens that a word falls into before any merge.
enum SymbolTable: Sendable {
    /// Every byte has a token.
    case bytes([Int32])
    /// Every character has a token, or falls back to the tokens of its bytes, or is unknown.
    case characters(CharacterSymbols)

    /// Whether this is a byte-level vocabulary, spelled in ``ByteAlphabet``.
    var isByteLevel: Bool {
        if case .bytes = self { true } else { false }
    }
}

/// The tokens of single characters in a vocabulary of SentencePiece's kind.
struct CharacterSymbols: Sendable {
    /// The token of each scalar of the basic plane; -1 for none.
    private var basic = [Int32](repeating: -1, count: 0x1_0000)
    private var beyond: [UInt32: Int32] = [:]
    /// The tokens `<0x00>` to `<0xFF>`; -1 where one is missing. Nil: characters do not fall back to bytes.
    private(set) var bytes: [Int32]?
    /// The token of what cannot be spelled; nil leaves it out.
    let unknown: Int32?
    /// Whether neighbouring unknown characters become one token.
    let fusesUnknown: Bool

    /// The symbols of a vocabulary.
    init(_ vocabulary: [[UInt8]: Int32], fallsBackToBytes: Bool, unknown: Int32?, fusesUnknown: Bool) {
        self.unknown = unknown
        self.fusesUnknown = fusesUnknown
        for (spelling, token) in vocabulary where spelling.count <= 4 {
            guard case .complete(let value, let length) = spelling.span.firstSequence, length == spelling.count else {
                continue
            }
            if value < 0x1_0000 { basic[Int(value)] = token } else { beyond[value] = token }
        }
        if fallsBackToBytes { bytes = (UInt8.min...UInt8.max).map { vocabulary[Self.spelling(of: $0)] ?? -1 } }
    }

    /// How a vocabulary spells the token of a single byte: `<0x0A>`.
    static func spelling(of byte: UInt8) -> [UInt8] {
        let digits = String(byte, radix: 16, uppercase: true)
        return Array("<0x\(digits.count == 1 ? "0" : "")\(digits)>".utf8)
    }

    /// The byte that `spelling` is the token of, if it is one.
    static func byte(of spelling: [UInt8]) -> UInt8? {
        guard spelling.count == 6, spelling.starts(with: Array("<0x".utf8)), spelling[5] == UInt8(ascii: ">") else {
            return nil
        }
        let byte = UInt8(String(decoding: spelling[3..<5], as: UTF8.self), radix: 16)
        return byte.flatMap { Self.spelling(of: $0) == spelling ? $0 : nil }
    }

    /// The token of a scalar, or nil.
    @inline(__always)
    func token(of scalar: UInt32) -> Int32? {
        let token = scalar < 0x1_0000 ? basic[Int(scalar)] : beyond[scalar] ?? -1
        return token < 0 ? nil : token
    }

    /// Every token that a character or byte can become.
    var all: [Int32] {
        basic.filter { $0 >= 0 } + beyond.values + (bytes ?? []).filter { $0 >= 0 }
    }

    /// Adds the symbols of `range` of `text`.
    ///
    /// - Parameter unknowns: receives the length in bytes of each unknown stretch, in order.
    func add(_ text: Span<UInt8>, _ range: Range<Int>, to merger: inout PairMerger, unknowns: inout [Int]) {
        var pending = 0
        var index = range.lowerBound
        while index < range.upperBound {
            let sequence = text.utf8Sequence(at: index)
            var length = 1
            var known: Int32?
            if case .complete(let value, let all) = sequence, index + all <= range.upperBound {
                length = all
                known = token(of: value)
            }
            if let known {
                flush(&pending, to: &merger, &unknowns)
                merger.add(known)
            } else if !addBytes(text, index..<index + length, to: &merger), unknown != nil {
                if !fusesUnknown { flush(&pending, to: &merger, &unknowns) }
                pending += length
            }
            index += length
        }
        flush(&pending, to: &merger, &unknowns)
    }

    private func addBytes(_ text: Span<UInt8>, _ range: Range<Int>, to merger: inout PairMerger) -> Bool {
        guard let bytes else { return false }
        for index in range where bytes[Int(text[index])] < 0 { return false }
        for index in range { merger.add(bytes[Int(text[index])]) }
        return true
    }

    private func flush(_ pending: inout Int, to merger: inout PairMerger, _ unknowns: inout [Int]) {
        guard pending > 0, let unknown else { return }
        merger.add(unknown)
        unknowns.append(pending)
        pending = 0
    }
}

extension Span<UInt8> {
    /// What stands at the beginning; nil if the text is empty.
    var firstSequence: UTF8Sequence? { isEmpty ? nil : utf8Sequence(at: 0) }
}
