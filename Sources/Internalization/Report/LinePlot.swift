import Foundation

/// A line chart as SVG text, without anything from outside.
public struct LinePlot: Sendable {
    /// A named line.
    public struct Line: Sendable {
        /// What the legend calls it.
        public let name: String
        /// Its points, in the order of x.
        public let points: [(Double, Double)]
    }

    let title: String
    let x: String
    let y: String
    let lines: [Line]
    /// Where vertical marks stand.
    var borders: [Double] = []

    private static let width = 720.0
    private static let height = 320.0
    private static let margin = (left: 64.0, right: 16.0, top: 32.0, bottom: 44.0)
    static let colours = ["#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#b7791f", "#555555"]

    /// The picture.
    public var svg: String {
        let all = lines.flatMap(\.points).filter { $0.0.isFinite && $0.1.isFinite }
        let xs = Axis(values: all.map(\.0), from: Self.margin.left, to: Self.width - Self.margin.right)
        let ys = Axis(values: all.map(\.1) + [0], from: Self.height - Self.margin.bottom, to: Self.margin.top)
        var parts = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" \
            font-family="sans-serif" font-size="12" role="img" aria-label="\(escaped(title))">
            <rect width="100%" height="100%" fill="#ffffff"/>
            <text x="\(Self.margin.left)" y="18" font-weight="bold">\(escaped(title))</text>
            """
        ]
        for tick in ys.ticks {
            let place = number(ys.place(tick))
            parts.append(
                """
                <line x1="\(Self.margin.left)" x2="\(Self.width - Self.margin.right)" y1="\(place)" y2="\(place)" \
                stroke="#dddddd"/><text x="\(Self.margin.left - 6)" y="\(place)" text-anchor="end" \
                dominant-baseline="middle">\(label(tick))</text>
                """)
        }
        for tick in xs.ticks {
            parts.append(
                """
                <text x="\(number(xs.place(tick)))" y="\(Self.height - 26)" text-anchor="middle">\(label(tick))</text>
                """)
        }
        for border in borders {
            let place = number(xs.place(border))
            parts.append(
                """
                <line x1="\(place)" x2="\(place)" y1="\(Self.margin.top)" y2="\(Self.height - Self.margin.bottom)" \
                stroke="#999999" stroke-dasharray="4 4"/>
                """)
        }
        for (index, line) in lines.enumerated() {
            let colour = Self.colours[index % Self.colours.count]
            let places = line.points.filter { $0.0.isFinite && $0.1.isFinite }
                .map { number(xs.place($0.0)) + "," + number(ys.place($0.1)) }
            parts.append(
                """
                <polyline fill="none" stroke="\(colour)" stroke-width="1.5" points="\(places.joined(separator: " "))"/>
                <text x="\(Self.width - Self.margin.right)" y="\(18 + 14 * index)" text-anchor="end" \
                fill="\(colour)">\(escaped(line.name))</text>
                """)
        }
        parts.append(
            """
            <text x="\(Self.width / 2)" y="\(Self.height - 8)" text-anchor="middle">\(escaped(x))</text>
            <text transform="translate(14 \(Self.height / 2)) rotate(-90)" text-anchor="middle">\(escaped(y))</text>
            </svg>
            """)
        return parts.joined(separator: "\n")
    }

    private func number(_ value: Double) -> String { String(format: "%.1f", value) }

    private func label(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e6 ? String(Int(value)) : String(format: "%.3g", value)
    }
}

/// A linear scale with round ticks.
private struct Axis {
    let low: Double
    let high: Double
    let from: Double
    let to: Double

    init(values: [Double], from: Double, to: Double) {
        low = values.min() ?? 0
        high = max(values.max() ?? 1, low + 1e-9)
        self.from = from
        self.to = to
    }

    func place(_ value: Double) -> Double { from + (value - low) / (high - low) * (to - from) }

    var ticks: [Double] {
        let rough = (high - low) / 5
        let power = pow(10, log10(rough).rounded(.down))
        let step = ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10) * power
        let first = (low / step).rounded(.up) * step
        return (0...10).map { first + Double($0) * step }.filter { $0 <= high + step * 1e-9 }
    }
}

/// Text for HTML and SVG.
func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
}
