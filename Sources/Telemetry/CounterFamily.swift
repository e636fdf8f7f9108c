import Synchronization

/// Counters that differ in their labels' values; adding to one takes a lock, a look-up and an addition.
///
/// There are at most `limit` of them: what comes beyond is counted together, under the label values `other`.
public final class CounterFamily: Sendable {
    /// The most series.
    public let limit: Int
    private let counters: Mutex<[Labels: Counter]>
    private let overflow = Counter()

    /// A family without series, but those that are `known` before anything is counted.
    public init(limit: Int, known: [Labels] = []) {
        self.limit = limit
        counters = Mutex(Dictionary(known.prefix(limit).map { ($0, Counter()) }) { first, _ in first })
    }

    /// The counter of these values.
    public subscript(labels: Labels) -> Counter {
        counters.withLock { counters in
            if let counter = counters[labels] { return counter }
            guard counters.count < limit else { return overflow }
            let counter = Counter()
            counters[labels] = counter
            return counter
        }
    }

    /// Adds to the counter of these values.
    public func add(_ amount: Int = 1, _ labels: Labels) {
        self[labels].add(amount)
    }

    /// The series, sorted by their values.
    var series: [(labels: Labels, value: Int)] {
        var series = counters.withLock { $0 }.map { (labels: $0.key, value: $0.value.value) }
        series.sort { $0.labels.values.lexicographicallyPrecedes($1.labels.values) }
        if overflow.value > 0 { series.append((.other, overflow.value)) }
        return series
    }
}
