/// How many bytes of `pattern` stand in `text` from `offset` on, reading no further than `end`.
///
/// Thirty-two bytes are compared at a time: a template of 32 KB is compared several times on its way.
func commonPrefixLength(_ pattern: [UInt8], _ text: [UInt8], at offset: Int, end: Int) -> Int {
    let limit = min(pattern.count, end - offset)
    guard limit > 0 else { return 0 }
    let left = unsafe pattern.span.bytes
    let right = unsafe text.span.bytes
    var index = 0
    while index + 32 <= limit {
        // As below, four words at a time.
        let expected = unsafe left.unsafeLoadUnaligned(fromByteOffset: index, as: SIMD4<UInt64>.self)
        let found = unsafe right.unsafeLoadUnaligned(fromByteOffset: offset + index, as: SIMD4<UInt64>.self)
        let difference: SIMD4<UInt64> = expected ^ found
        if difference.x | difference.y | difference.z | difference.w != 0 { break }
        index += 32
    }
    while index + 8 <= limit {
        // Both loads stay inside their arrays: index + 8 <= limit <= pattern.count and offset + limit <= text.count.
        let expected = unsafe left.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
        let found = unsafe right.unsafeLoadUnaligned(fromByteOffset: offset + index, as: UInt64.self)
        let difference = UInt64(littleEndian: expected ^ found)
        if difference != 0 { return index + difference.trailingZeroBitCount / 8 }
        index += 8
    }
    while index < limit, pattern[index] == text[offset + index] { index += 1 }
    return index
}

/// Whether the whole of `pattern` stands in `text` at `offset`, reading no further than `end`.
func matches(_ pattern: [UInt8], _ text: [UInt8], at offset: Int, end: Int) -> Bool {
    offset >= 0 && offset + pattern.count <= end
        && commonPrefixLength(pattern, text, at: offset, end: end) == pattern.count
}
