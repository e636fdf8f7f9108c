/// Reads the JSON of a safetensors header strictly: only the members the format knows, none twice.
///
/// The general JSON readers keep the last of two equal keys, so that two readers can see two different files in one;
/// this one refuses them.
struct SafetensorsScanner {
    struct Entry {
        let name: String
        let type: String
        let shape: [Int]
        let begin: Int
        let end: Int
    }

    private let bytes: [UInt8]
    private let path: String
    private var position = 0

    init(bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// The whole header; trailing spaces are allowed, as writers pad with them.
    mutating func header() throws(EngineError) -> (tensors: [Entry], metadata: [String: String]) {
        guard bytes.first == UInt8(ascii: "{") else { throw malformed("the header does not start with '{'") }
        var names: Set<String> = []
        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        try object { (scanner, name) throws(EngineError) in
            guard names.insert(name).inserted else {
                throw scanner.malformed("\(name.prefix(120).debugDescription) appears twice")
            }
            if name == "__metadata__" {
                metadata = try scanner.metadata()
                return
            }
            guard entries.count < SafetensorsHeader.maximumTensors else {
                throw scanner.malformed("more than \(SafetensorsHeader.maximumTensors) tensors")
            }
            entries.append(try scanner.entry(name))
        }
        skipSpace()
        guard position == bytes.count else { throw malformed("text after the header's end") }
        return (entries, metadata)
    }

    private mutating func metadata() throws(EngineError) -> [String: String] {
        var pairs: [String: String] = [:]
        try object { (scanner, key) throws(EngineError) in
            let value = try scanner.string()
            guard pairs.updateValue(value, forKey: key) == nil else {
                throw scanner.malformed("metadata key \(key.prefix(120).debugDescription) appears twice")
            }
        }
        return pairs
    }

    private mutating func entry(_ name: String) throws(EngineError) -> Entry {
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        let place = "tensor \(name.prefix(120).debugDescription)"
        try object { (scanner, key) throws(EngineError) in
            switch key {
            case "dtype" where type == nil: type = try scanner.string()
            case "shape" where shape == nil: shape = try scanner.numbers()
            case "data_offsets" where offsets == nil: offsets = try scanner.numbers()
            case "dtype", "shape", "data_offsets": throw scanner.malformed("\(place) has \(key) twice")
            default: throw scanner.malformed("\(place) has the unknown member \(key.prefix(40).debugDescription)")
            }
        }
        guard let type, let shape, let offsets else {
            throw malformed("\(place) lacks dtype, shape or data_offsets")
        }
        guard offsets.count == 2 else { throw malformed("\(place): data_offsets must be two numbers") }
        return Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
    }

    private mutating func object(
        _ member: (inout Self, String) throws(EngineError) -> Void
    ) throws(EngineError) {
        try expect("{")
        if accept("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while accept(",")
        try expect("}")
    }

    private mutating func numbers() throws(EngineError) -> [Int] {
        try expect("[")
        if accept("]") { return [] }
        var numbers: [Int] = []
        repeat {
            guard numbers.count < 64 else { throw malformed("a list of more than 64 numbers") }
            numbers.append(try number())
        } while accept(",")
        try expect("]")
        return numbers
    }

    private mutating func number() throws(EngineError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < bytes.count, bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9") {
            let (tens, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(bytes[position] - UInt8(ascii: "0")))
            guard !over, !carry else { throw malformed("a number is too large") }
            value = sum
            position += 1
        }
        guard position > start else { throw malformed("a whole number, zero or more, is expected") }
        guard position == start + 1 || bytes[start] != UInt8(ascii: "0") else {
            throw malformed("a number starts with 0")
        }
        return value
    }

    private mutating func string() throws(EngineError) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw malformed("a string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): text += try escape()
            case 0..<0x20: throw malformed("a control character in a string")
            default: text.append(byte)
            }
        }
        throw malformed("a string does not end")
    }

    private mutating func escape() throws(EngineError) -> [UInt8] {
        guard position < bytes.count else { throw malformed("a string does not end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw malformed("an unknown escape in a string")
        }
    }

    private mutating func unicodeEscape() throws(EngineError) -> [UInt8] {
        var code = try hexadecimal()
        if (0xD800..<0xDC00).contains(code), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low) else { throw malformed("an unpaired surrogate in a string") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw malformed("an unpaired surrogate in a string") }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func hexadecimal() throws(EngineError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw malformed("a string does not end") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw malformed("an escape is not hexadecimal")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ scalar: Unicode.Scalar) throws(EngineError) {
        guard accept(scalar) else { throw malformed("'\(scalar)' is expected") }
    }

    private func malformed(_ reason: String) -> EngineError {
        .malformed(file: path, at: "header byte \(position)", reason: reason)
    }
}
