import Synchronization

/// The metrics of a process: families are added once, at the start, and read together as one text.
///
///     let page = MetricsPage()
///     let requests = page.counters("pi_requests_total", "Requests.", labels: ["route", "status"], limit: 200)
///     requests.add(1, Labels("/v1/chat/completions", "200"))
///     let text = page.text
public final class MetricsPage: Sendable {
    private struct Family {
        let name: String
        let limit: Int
        let write: @Sendable (inout MetricsText) -> Void
    }

    private let families = Mutex<[Family]>([])

    /// A page without metrics.
    public init() {}

    /// The content type of `text`.
    public static var contentType: String { MetricsText.contentType }

    /// All metrics in the Prometheus text format, version 0.0.4.
    public var text: String {
        var text = MetricsText()
        for family in families.withLock({ $0 }) { family.write(&text) }
        return text.text
    }

    /// The most series that the page can ever have, those of readings counted as their limits say.
    public var seriesLimit: Int { families.withLock { $0.reduce(0) { $0 + $1.limit } } }

    /// Adds a counter.
    public func counter(_ name: String, _ help: String) -> Counter {
        let counter = Counter()
        add(name, limit: 1) { text in
            text.family(name, help, "counter")
            text.sample(name, Double(counter.value))
        }
        return counter
    }

    /// Adds a family of counters with at most `limit` series.
    public func counters(
        _ name: String, _ help: String, labels: [String], limit: Int, known: [Labels] = []
    ) -> CounterFamily {
        let family = CounterFamily(limit: limit, known: known)
        add(name, limit: limit + 1) { text in
            text.family(name, help, "counter")
            for series in family.series {
                text.sample(name, Double(series.value), Self.pairs(labels, series.labels))
            }
        }
        return family
    }

    /// Adds a gauge.
    public func gauge(_ name: String, _ help: String) -> Gauge {
        let gauge = Gauge()
        add(name, limit: 1) { text in
            text.family(name, help, "gauge")
            text.sample(name, Double(gauge.value))
        }
        return gauge
    }

    /// Adds a histogram of durations.
    public func histogram(_ name: String, _ help: String, bounds: [Double]) -> Histogram {
        let histogram = Histogram(bounds: bounds)
        add(name, limit: bounds.count + 3) { text in
            text.family(name, help, "histogram")
            var total = 0
            for (bound, count) in zip(histogram.bounds + [.infinity], histogram.counts) {
                total += count
                text.sample(name + "_bucket", Double(total), [("le", MetricsText.number(bound))])
            }
            text.sample(name + "_sum", histogram.sum)
            text.sample(name + "_count", Double(total))
        }
        return histogram
    }

    /// Adds values that are read when the page is: at most `limit` of them are shown.
    public func readings(
        _ name: String, _ help: String, _ kind: Reading.Kind = .gauge, labels: [String] = [], limit: Int = 1,
        read: @escaping @Sendable () -> [Reading]
    ) {
        add(name, limit: limit) { text in
            text.family(name, help, kind.rawValue)
            var seen: Set<Labels?> = []
            for reading in read().prefix(limit) where seen.insert(reading.labels).inserted {
                text.sample(name, reading.value, reading.labels.map { Self.pairs(labels, $0) } ?? [])
            }
        }
    }

    private func add(_ name: String, limit: Int, write: @escaping @Sendable (inout MetricsText) -> Void) {
        families.withLock { families in
            precondition(!families.contains { $0.name == name }, "the metric \(name) was added twice")
            families.append(Family(name: name, limit: limit, write: write))
        }
    }

    private static func pairs(_ names: [String], _ labels: Labels) -> [(name: String, value: String)] {
        zip(names, labels.values).map { (name: $0, value: $1) }
    }
}
