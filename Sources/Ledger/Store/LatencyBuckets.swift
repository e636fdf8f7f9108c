import Foundation

/// Logarithmic buckets for milliseconds, so that percentiles can be read from counts.
///
/// Bucket i holds the times from g^(i-1), exclusive, to g^i, inclusive, with g = 1.01/0.99; a time is read back as
/// 2 g^i / (g + 1), which is within 1 % of every time in the bucket. Times below a microsecond or above 10^9 ms count
/// as these ends. Source: Masson, Rim, Lee, "DDSketch", VLDB 2019, section 2.1.
enum LatencyBuckets {
    /// The largest relative error of a time that is read back.
    static let relativeError = 0.01

    private static let growth = (1 + relativeError) / (1 - relativeError)
    private static let perLog = 1 / log(growth)
    private static let range = 0.001...1e9

    static func bucket(milliseconds: Double) -> Int {
        let clamped = min(max(milliseconds, range.lowerBound), range.upperBound)
        return Int((log(clamped) * perLog).rounded(.up))
    }

    static func milliseconds(bucket: Int) -> Double {
        2 * pow(growth, Double(bucket)) / (growth + 1)
    }

    /// The smallest recorded time that at least this share of the times does not exceed; nil without any time.
    ///
    /// - Parameter counts: how many times each bucket holds.
    static func quantile(_ share: Double, of counts: [Int: Int]) -> Double? {
        let total = counts.values.reduce(0, +)
        guard total > 0 else { return nil }
        var missing = max(1, Int((share * Double(total)).rounded(.up)))
        for (bucket, count) in counts.sorted(by: { $0.key < $1.key }) {
            missing -= count
            if missing <= 0 { return milliseconds(bucket: bucket) }
        }
        return nil
    }
}
