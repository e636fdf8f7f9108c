import Foundation

/// The losses of a run, step by step, in `history.jsonl`, and the curve that `loss.svg` shows of them.
public struct RunHistory: Sendable {
    /// A step, or an evaluation on the dev rows after it.
    public struct Point: Sendable, Codable, Equatable {
        /// Step over all stages, counted from 1.
        public let step: Int
        /// Stage, counted from 0.
        public let stage: Int
        /// Mean loss of the step, in nats a token.
        public let loss: Double
        /// Query-only loss on the dev rows after the step, where it was computed.
        public let devLoss: Double?
    }

    /// The points, in the order of steps.
    public private(set) var points: [Point] = []
    private let path: String

    /// The history of a run folder up to a step; what was noted after it is computed again.
    init(folder: String, through step: Int) {
        path = folder + "/history.jsonl"
        guard let data = FileManager.default.contents(atPath: path) else { return }
        points = data.split(separator: UInt8(ascii: "\n")).compactMap { line in
            try? JSONDecoder().decode(Point.self, from: Data(line))
        }.filter { $0.step <= step }
    }

    mutating func note(_ point: Point) {
        points.append(point)
    }

    /// Replaces the file, and the picture beside it.
    func save() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let lines = try points.map { try encoder.encode($0) + Data("\n".utf8) }
        try Data(lines.joined()).write(to: URL(fileURLWithPath: path), options: .atomic)
        let picture = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent("loss.svg")
        try Data(plot.svg.utf8).write(to: picture, options: .atomic)
    }

    /// The curve: training loss, smoothed over ten steps, dev loss, and the stages' borders.
    public var plot: LinePlot {
        var smooth: [(Double, Double)] = []
        var mean: Double?
        for point in points {
            let value = mean.map { 0.9 * $0 + 0.1 * point.loss } ?? point.loss
            mean = value
            smooth.append((Double(point.step), value))
        }
        let borders = zip(points, points.dropFirst()).filter { $0.stage != $1.stage }.map { Double($0.1.step) }
        let dev = points.compactMap { point in point.devLoss.map { (Double(point.step), $0) } }
        var lines = [LinePlot.Line(name: "training loss", points: smooth)]
        if !dev.isEmpty { lines.append(LinePlot.Line(name: "dev loss, query alone", points: dev)) }
        return LinePlot(
            title: "Loss", x: "optimizer step", y: "nats a token", lines: lines, borders: borders)
    }
}
