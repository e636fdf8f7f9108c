/// Text and numbers as bytes at the end of an array, without strings in between.
extension [UInt8] {
    mutating func append(_ text: StaticString) {
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(decimal value: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(digitsOf: value.magnitude, base: 10)
    }

    /// Digits in lower case.
    mutating func append(hexadecimal value: UInt) {
        append(digitsOf: value, base: 16)
    }

    private mutating func append(digitsOf value: UInt, base: UInt) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var place = digits.count
        var rest = value
        repeat {
            place -= 1
            let digit = UInt8(truncatingIfNeeded: rest % base)
            digits[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
            rest /= base
        } while rest > 0
        for index in place..<digits.count { append(digits[index]) }
    }
}
