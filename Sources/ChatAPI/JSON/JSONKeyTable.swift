/// Finds which of a fixed set of keys a string is, by length first.
struct JSONKeyTable<Field: RawRepresentable & CaseIterable & Sendable>: Sendable where Field.RawValue == String {
    private struct Entry: Sendable {
        let field: Field
        let spelling: [UInt8]
        let bit: UInt64
    }

    private let entriesByLength: [[Entry]]

    /// A table of all cases, at most 64.
    init() {
        var table: [[Entry]] = []
        for (number, field) in Field.allCases.enumerated() {
            let spelling = Array(field.rawValue.utf8)
            while table.count <= spelling.count { table.append([]) }
            table[spelling.count].append(Entry(field: field, spelling: spelling, bit: 1 << UInt64(number)))
        }
        entriesByLength = table
    }

    /// The field with this key and a bit of its own; nil if the key is none of them.
    func find(_ key: JSONString) -> (field: Field, bit: UInt64)? {
        if key.hasEscapes {
            guard let text = key.utf8 else { return nil }
            return find(text[...])
        }
        return find(key.rawContent)
    }

    private func find(_ key: ArraySlice<UInt8>) -> (field: Field, bit: UInt64)? {
        guard key.count < entriesByLength.count else { return nil }
        for entry in entriesByLength[key.count] where key.elementsEqual(entry.spelling) {
            return (entry.field, entry.bit)
        }
        return nil
    }
}
