/// One line of the report.
struct Row {
    let name: String
    let measurement: Measurement
    /// The bytes that one operation reads, for a rate; nil if a rate says nothing.
    var bytes: Int?

    /// The row as aligned text.
    func line(group: String) -> String {
        var line = padded(group, 12) + padded(name, 58)
        line += right(time(measurement.median), 11) + " p50" + right(time(measurement.p99), 11) + " p99"
        if let rate { line += right(fixed(rate, 2), 8) + " GB/s" }
        return line
    }

    /// The row as a JSON object.
    func json(group: String) -> String {
        var text = #"{"group":"\#(group)","name":"\#(name)","best_ns":\#(fixed(measurement.best, 1))"#
        text += #","p50_ns":\#(fixed(measurement.median, 1)),"p99_ns":\#(fixed(measurement.p99, 1))"#
        if let rate { text += #","gb_per_s":\#(fixed(rate, 3))"# }
        return text + "}"
    }

    /// By the median, in 10⁹ bytes a second.
    private var rate: Double? { bytes.map { Double($0) / measurement.median } }

    private func time(_ nanoseconds: Double) -> String {
        nanoseconds < 10_000 ? fixed(nanoseconds, 0) + " ns" : fixed(nanoseconds / 1000, 1) + " µs"
    }

    private func fixed(_ value: Double, _ digits: Int) -> String {
        let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int((value * Double(scale)).rounded())
        guard digits > 0 else { return String(scaled) }
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }
}
