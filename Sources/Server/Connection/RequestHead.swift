import Gateway

/// A request's first line and fields.
struct RequestHead {
    let method: String
    /// The request target as it stands there.
    let target: String
    let isHTTP10: Bool
    /// In their order, names as they were written, values without the blanks around them.
    let fields: HeaderFields

    /// The value without the blanks around it.
    static func trimmed(_ value: String) -> String {
        func isBlank(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 }
        guard isBlank(value.utf8.first) || isBlank(value.utf8.last) else { return value }
        var bytes = value.utf8[...]
        while isBlank(bytes.first) { bytes = bytes.dropFirst() }
        while isBlank(bytes.last) { bytes = bytes.dropLast() }
        return String(bytes) ?? ""
    }
}
