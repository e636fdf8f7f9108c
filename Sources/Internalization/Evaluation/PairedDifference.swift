import Randomness

/// The difference of two arms on the same items, in points of the primary metric.
public struct PairedDifference: Sendable, Codable {
    /// First arm minus second arm.
    public let arms: [String]
    /// In points.
    public let difference: Double
    /// Lower end of the 95 % interval: percentile bootstrap over groups.
    public let low: Double
    /// Upper end of the interval.
    public let high: Double
    /// Number of groups that were resampled.
    public let groups: Int

    /// Resamples whole groups `samples` times with a fixed seed: rows of a group are not independent.
    public init(_ first: ArmResult, _ second: ArmResult, samples: Int = 2_000, seed: UInt64 = 1) {
        self.init(
            arms: [first.arm, second.arm], differences: zip(first.scores, second.scores).map { $0 - $1 },
            clusters: first.clusters, samples: samples, seed: seed)
    }

    /// The interval of the mean of `differences`, whose members with equal `clusters` are drawn together.
    init(arms: [String], differences: [Double], clusters: [String], samples: Int, seed: UInt64) {
        precondition(differences.count == clusters.count && !differences.isEmpty)
        var numbers: [String: Int] = [:]
        var sums: [(sum: Double, count: Double)] = []
        for (difference, cluster) in zip(differences, clusters) {
            let number = numbers[cluster] ?? sums.count
            if number == sums.count {
                numbers[cluster] = number
                sums.append((0, 0))
            }
            sums[number].sum += difference
            sums[number].count += 1
        }
        var random = SplitMix64(seed: seed)
        var means = (0..<samples).map { _ in
            var total = (sum: 0.0, count: 0.0)
            for _ in sums.indices {
                let drawn = sums[random.below(sums.count)]
                total.sum += drawn.sum
                total.count += drawn.count
            }
            return total.sum / total.count * 100
        }
        means.sort()
        self.arms = arms
        difference = differences.reduce(0, +) / Double(differences.count) * 100
        low = means[Int(Double(samples) * 0.025)]
        high = means[min(samples - 1, Int(Double(samples) * 0.975))]
        groups = sums.count
    }
}
