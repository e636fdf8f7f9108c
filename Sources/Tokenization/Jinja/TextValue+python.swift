/// Python's methods of strings.
extension TextValue {
    private static func isSpace(_ scalar: UInt32) -> Bool {
        // Python also counts the four separators of ASCII.
        (0x1C...0x1F).contains(scalar) || Unicode.Scalar(scalar)?.properties.isWhitespace == true
    }

    /// Without whitespace, or the given characters, at the ends.
    func stripped(_ characters: TextValue?, left: Bool, right: Bool) -> TextValue {
        let offsets = scalarOffsets
        let span = bytes.span
        let wanted = characters.map { characters in Set(characters.string.unicodeScalars.map(\.value)) }
        func goes(_ index: Int) -> Bool {
            let value = span.scalar(at: offsets[index]).value
            return wanted?.contains(value) ?? Self.isSpace(value)
        }
        var low = 0
        var high = offsets.count - 1
        while left, low < high, goes(low) { low += 1 }
        while right, low < high, goes(high - 1) { high -= 1 }
        return slice(offsets[low]..<offsets[high])
    }

    /// The parts between separators, or between runs of whitespace; at most `limit` cuts.
    func split(_ separator: [UInt8]?, limit: Int, fromEnd: Bool) -> [TextValue] {
        let cuts = separator.map { places(of: $0, fromEnd: fromEnd) } ?? spaces
        let kept = fromEnd ? cuts.suffix(limit) : cuts.prefix(limit)
        guard separator == nil else { return parts(kept) }
        // Whitespace at the ends separates nothing, and what is left over loses only its outer end.
        let text = stripped(nil, left: true, right: true)
        if text.isEmpty { return [] }
        let inner = text.spaces
        guard inner.count > limit else { return text.parts(inner[...]) }
        guard !fromEnd else {
            return stripped(nil, left: false, right: true).parts(
                stripped(nil, left: false, right: true).innerSpaces.suffix(limit))
        }
        let whole = stripped(nil, left: true, right: false)
        return whole.parts(whole.innerSpaces.prefix(limit))
    }

    private func parts(_ cuts: ArraySlice<Range<Int>>) -> [TextValue] {
        var result: [TextValue] = []
        var start = 0
        for cut in cuts {
            result.append(slice(start..<cut.lowerBound))
            start = cut.upperBound
        }
        return result + [slice(start..<bytes.count)]
    }

    private func places(of separator: [UInt8], fromEnd: Bool) -> [Range<Int>] {
        var cuts: [Range<Int>] = []
        if fromEnd {
            var end = bytes.count
            while end >= separator.count {
                guard bytes[end - separator.count..<end].elementsEqual(separator) else {
                    end -= 1
                    continue
                }
                cuts.append(end - separator.count..<end)
                end -= separator.count
            }
            return cuts.reversed()
        }
        var start = 0
        while let range = firstRange(of: separator, from: start) {
            cuts.append(range)
            start = range.upperBound
        }
        return cuts
    }

    /// The runs of whitespace.
    private var spaces: [Range<Int>] {
        var result: [Range<Int>] = []
        let span = bytes.span
        var index = 0
        while index < span.count {
            let next = span.scalar(at: index)
            if Self.isSpace(next.value) {
                if let last = result.last, last.upperBound == index {
                    result[result.count - 1] = last.lowerBound..<index + next.length
                } else {
                    result.append(index..<index + next.length)
                }
            }
            index += next.length
        }
        return result
    }

    /// The runs of whitespace with text on both sides.
    private var innerSpaces: [Range<Int>] {
        spaces.filter { $0.lowerBound > 0 && $0.upperBound < bytes.count }
    }

    /// The lines.
    func lines(keepsEnds: Bool) -> [TextValue] {
        var result: [TextValue] = []
        let offsets = scalarOffsets
        let span = bytes.span
        var start = 0
        var index = 0
        while index < offsets.count - 1 {
            let value = span.scalar(at: offsets[index]).value
            guard
                (0x0A...0x0D).contains(value) || (0x1C...0x1E).contains(value)
                    || [0x85, 0x2028, 0x2029].contains(value)
            else {
                index += 1
                continue
            }
            let isPair = value == 0x0D && index + 2 < offsets.count && span[offsets[index + 1]] == 0x0A
            let end = offsets[index + (isPair ? 2 : 1)]
            result.append(slice(start..<(keepsEnds ? end : offsets[index])))
            start = end
            index += isPair ? 2 : 1
        }
        if start < bytes.count { result.append(slice(start..<bytes.count)) }
        return result
    }

    /// In upper or lower case, or with capitals at the beginnings.
    func cased(_ name: String) -> TextValue {
        var isInside = false
        return mapped { scalar in
            let properties = scalar.properties
            switch name {
            case "upper": return properties.uppercaseMapping
            case "lower": return properties.lowercaseMapping
            default:
                defer { isInside = name == "capitalize" || properties.isCased }
                return isInside ? properties.lowercaseMapping : properties.titlecaseMapping
            }
        }
    }

    /// Whether the text is not empty and all of it is of the kind that `isdigit` and its like ask for.
    func passes(_ name: String) -> Bool {
        let scalars = string.unicodeScalars
        guard !scalars.isEmpty else { return false }
        switch name {
        case "isspace": return scalars.allSatisfy { Self.isSpace($0.value) }
        case "isupper", "islower":
            let cased = scalars.filter(\.properties.isCased)
            return !cased.isEmpty
                && cased.allSatisfy { name == "isupper" ? $0.properties.isUppercase : $0.properties.isLowercase }
        case "isdigit":
            return scalars.allSatisfy { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
        case "isalpha": return scalars.allSatisfy { ScalarClasses.shared.of($0.value) == .letter }
        default:
            return scalars.allSatisfy {
                ScalarClasses.shared.of($0.value) == .letter || $0.properties.numericType != nil
            }
        }
    }
}
