/// One scalar read from bytes; a byte that belongs to no well-formed sequence reads as U+FFFD of length 1.
struct ScalarRead {
    var value: UInt32
    var length: Int
}

/// What stands at one place of a byte string, seen as UTF-8.
enum UTF8Sequence: Equatable {
    case complete(value: UInt32, length: Int)
    /// The bytes end inside a sequence that could still become well-formed.
    case incomplete(length: Int)
    /// The first `length` bytes can never be part of a well-formed sequence (the maximal subpart of Unicode, table
    /// 3-8).
    case invalid(length: Int)
}

extension Span<UInt8> {
    /// Reads the sequence that starts at `index`, following Unicode's table 3-7.
    func utf8Sequence(at index: Int) -> UTF8Sequence {
        let first = self[index]
        if first < 0x80 { return .complete(value: UInt32(first), length: 1) }
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if first == 0xE0 { low = 0xA0 }
            if first == 0xED { high = 0x9F }
        case 0xF0...0xF4:
            length = 4
            if first == 0xF0 { low = 0x90 }
            if first == 0xF4 { high = 0x8F }
        default: return .invalid(length: 1)
        }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            guard index + offset < count else { return .incomplete(length: offset) }
            let byte = self[index + offset]
            guard byte >= low, byte <= high else { return .invalid(length: offset) }
            value = value << 6 | UInt32(byte & 0x3F)
            low = 0x80
            high = 0xBF
        }
        return .complete(value: value, length: length)
    }

    /// Reads one scalar at `index` for classification; ill-formed bytes count one by one.
    @inline(__always)
    func scalar(at index: Int) -> ScalarRead {
        let first = self[index]
        if first < 0x80 { return ScalarRead(value: UInt32(first), length: 1) }
        guard case .complete(let value, let length) = utf8Sequence(at: index) else {
            return ScalarRead(value: 0xFFFD, length: 1)
        }
        return ScalarRead(value: value, length: length)
    }
}
