import Foundation

/// Composes one grapheme cluster (normal form C or KC).
///
/// Foundation does the work except where it errs: it leaves a Hangul syllable apart from a final consonant, drops
/// U+11A7, and sorts the three Tibetan vowels that are made of two marks as if they were one.
enum GraphemeCluster {
    /// The composed text of one cluster.
    static func compose(_ cluster: String, _ form: Composition) -> String {
        let cluster = form == .compatibility ? cluster.decomposedStringWithCompatibilityMapping : cluster
        var scalars: [UInt32] = []
        for scalar in cluster.unicodeScalars {
            switch scalar.value {
            case 0x0F73: scalars += [0x0F71, 0x0F72]
            case 0x0F75: scalars += [0x0F71, 0x0F74]
            case 0x0F81: scalars += [0x0F71, 0x0F80]
            case let value: append(value, to: &scalars)
            }
        }
        sortMarks(&scalars)
        return scalars.split(separator: beforeFirstFinal, omittingEmptySubsequences: false).map { part in
            var text = ""
            text.unicodeScalars.append(contentsOf: part.compactMap(Unicode.Scalar.init))
            return text.precomposedStringWithCanonicalMapping
        }.joined(separator: "\u{11A7}")
    }

    /// Puts each run of combining marks in canonical order, so that Foundation, whose own sort is quadratic, finds
    /// nothing to do: a text of nothing but marks must not stall the encoder.
    private static func sortMarks(_ scalars: inout [UInt32]) {
        let classes = scalars.map { Unicode.Scalar($0)?.properties.canonicalCombiningClass.rawValue ?? 0 }
        var start = 0
        while start < scalars.count {
            let end = classes[start...].firstIndex(of: 0) ?? scalars.count
            if end - start > 1 {
                // Stable: marks of one class keep their order.
                let order = (start..<end).sorted { (classes[$0], $0) < (classes[$1], $1) }
                scalars.replaceSubrange(start..<end, with: order.map { scalars[$0] })
            }
            start = end + 1
        }
    }

    /// The jamo just before the first final consonant; it never composes.
    private static let beforeFirstFinal: UInt32 = 0x11A7

    /// Adds a scalar, composing Hangul as section 3.12 of the Unicode standard says: L + V, and LV + T.
    private static func append(_ value: UInt32, to scalars: inout [UInt32]) {
        if let last = scalars.last {
            if (0x1100..<0x1113).contains(last), (0x1161..<0x1176).contains(value) {
                scalars[scalars.count - 1] = 0xAC00 + ((last - 0x1100) * 21 + value - 0x1161) * 28
                return
            }
            if (0xAC00..<0xD7A4).contains(last), (last - 0xAC00) % 28 == 0, (0x11A8..<0x11C3).contains(value) {
                scalars[scalars.count - 1] = last + value - beforeFirstFinal
                return
            }
        }
        scalars.append(value)
    }
}
