/// Exact amounts: whole billionths of a currency unit, read from and written as decimal text without floating point.
public enum NanoAmount {
    /// How many billionths make one unit.
    public static let unit: Int64 = 1_000_000_000

    /// Reads `12`, `0.15` or `.5`: digits with at most nine after the point, at most 9,000,000,000; nil for anything
    /// else.
    public static func parse(_ text: String) -> Int64? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = digits(parts[0]), !text.utf8.isEmpty, text != "." else { return nil }
        var nano: Int64 = 0
        if parts.count == 2 {
            guard parts[1].count <= 9, let fraction = digits(parts[1]) else { return nil }
            nano = fraction
            for _ in parts[1].count..<9 { nano *= 10 }
        }
        guard whole <= 9_000_000_000 else { return nil }
        return whole * unit + nano
    }

    /// The shortest decimal text of the amount with at least two places: `0.15`, `-0.0000012`.
    public static func text(_ nano: Int64) -> String {
        let magnitude = nano.magnitude
        let whole = magnitude / UInt64(unit)
        var fraction = String(magnitude % UInt64(unit))
        fraction = String(repeating: "0", count: 9 - fraction.count) + fraction
        while fraction.hasSuffix("0"), fraction.count > 2 { fraction.removeLast() }
        return "\(nano < 0 ? "-" : "")\(whole).\(fraction)"
    }

    private static func digits(_ bytes: Substring.UTF8View) -> Int64? {
        guard bytes.count <= 10, bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }
}
