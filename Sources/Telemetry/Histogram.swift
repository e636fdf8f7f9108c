/// Durations counted into buckets; an observation is two relaxed atomic additions.
public final class Histogram: Sendable {
    /// The buckets' upper bounds in seconds, rising; what is above the last one is counted too.
    public let bounds: [Double]
    private let limits: [Int]
    private let buckets: [Counter]
    private let nanoseconds = Counter()

    /// A histogram without observations.
    public init(bounds: [Double]) {
        let rising = Set(bounds).sorted()
        self.bounds = rising
        limits = rising.map { Int($0 * 1e9) }
        buckets = (0...rising.count).map { _ in Counter() }
    }

    /// Counts a duration; a negative one counts as 0.
    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(nanoseconds: Int(seconds) &* 1_000_000_000 &+ Int(attoseconds / 1_000_000_000))
    }

    /// Counts a duration in nanoseconds; a negative one counts as 0.
    public func observe(nanoseconds duration: Int) {
        let duration = max(0, duration)
        var place = 0
        while place < limits.count, duration > limits[place] { place += 1 }
        buckets[place].add()
        nanoseconds.add(duration)
    }

    /// How many observations each bucket holds by itself; the last one is for those above every bound.
    public var counts: [Int] { buckets.map(\.value) }

    /// The sum of all observations in seconds.
    public var sum: Double { Double(nanoseconds.value) / 1e9 }
}
