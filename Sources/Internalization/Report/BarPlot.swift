import Foundation

/// Horizontal bars as SVG text, each with its value.
public struct BarPlot: Sendable {
    let title: String
    let bars: [(name: String, value: Double)]

    /// The picture.
    public var svg: String {
        let height = 40 + 24 * bars.count
        let largest = max(bars.map(\.value).max() ?? 0, 1e-9)
        let rows = bars.enumerated().map { index, bar in
            let y = 32 + 24 * index
            let width = String(format: "%.1f", max(0, bar.value) / largest * 480)
            return """
                <text x="84" y="\(y + 13)" text-anchor="end">\(escaped(bar.name))</text>\
                <rect x="92" y="\(y)" width="\(width)" height="18" fill="#1b6ca8"/>\
                <text x="\(String(format: "%.1f", 98 + max(0, bar.value) / largest * 480))" \
                y="\(y + 13)">\(String(format: "%.2f", bar.value))</text>
                """
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 \(height)" font-family="sans-serif" font-size="12" \
            role="img" aria-label="\(escaped(title))"><rect width="100%" height="100%" fill="#ffffff"/>
            <text x="8" y="18" font-weight="bold">\(escaped(title))</text>
            \(rows.joined(separator: "\n"))
            </svg>
            """
    }
}
