/// Looks up where the bytes of a rendered text came from.
struct TextOrigins {
    private let runs: [TextValue.Run]
    /// Where each run starts in the text.
    private let starts: [Int]

    init(_ text: TextValue) {
        runs = text.runs
        var start = 0
        starts = text.runs.map { run in
            defer { start += run.count }
            return start
        }
    }

    /// Whether all bytes of `range` are the template's.
    func isTemplate(_ range: Range<Int>) -> Bool {
        var index = run(at: range.lowerBound)
        while index < runs.count, starts[index] < range.upperBound {
            if runs[index].source != .template { return false }
            index += 1
        }
        return true
    }

    /// The message whose text the byte at `offset` is part of, and the byte's place in it.
    func message(at offset: Int) -> (index: Int, offset: Int)? {
        let index = run(at: offset)
        guard index < runs.count, offset < starts[index] + runs[index].count,
            case .message(let message) = runs[index].source
        else { return nil }
        return (message, runs[index].offset + offset - starts[index])
    }

    private func run(at offset: Int) -> Int {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] + runs[middle].count <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
