import COpenBLAS

/// The low-rank terms of rows whose adapters are not added into the weights: y += scale * B (A x), Hu et al., "LoRA",
/// 2021, section 4.1.
struct AdapterRows {
    /// Consecutive rows of one adapter.
    struct Run: Sendable {
        let rows: Range<Int>
        let adapter: LoRAAdapter
    }

    let runs: [Run]
    /// The largest rank of any layer.
    private let widest: Int

    /// The runs of rows whose sequences have an adapter; `owners` gives each row's sequence.
    init(_ owners: [Int], steps: [SequenceStep]) {
        var runs: [Run] = []
        var start = 0
        while start < owners.count {
            let step = steps[owners[start]]
            var end = start + 1
            while end < owners.count, steps[owners[end]].adapterNumber == step.adapterNumber { end += 1 }
            if let adapter = step.adapter { runs.append(Run(rows: start..<end, adapter: adapter)) }
            start = end
        }
        self.runs = runs
        widest = runs.map(\.adapter.widestRank).max() ?? 0
    }

    /// Where a linear layer finds its rows and adds its answer.
    @safe struct Place {
        let layer: Int
        let projection: Projection
        let input: UnsafePointer<Float>
        let inputStride: Int
        let output: UnsafeMutablePointer<Float>
        let outputStride: Int
    }

    /// Adds the terms of one linear layer, each run on one thread of the team; `inner` holds the narrow rows between.
    func add(_ place: Place, inner: inout FloatBuffer, team: ThreadTeam) {
        guard !runs.isEmpty else { return }
        let widest = widest
        inner.reserve((runs.last?.rows.upperBound ?? 0) * widest)
        let narrow = unsafe inner.start
        team.run(parts: runs.count) { number in
            let run = runs[number]
            let first = run.rows.lowerBound
            guard let pair = run.adapter.pair(layer: place.layer, place.projection) else { return }
            let shape = place.projection.shape(in: run.adapter.model)
            unsafe run.adapter.values.withUnsafeBufferPointer { values in
                guard let values = values.baseAddress else { return }
                unsafe pi_sgemm(
                    false, true, run.rows.count, pair.rank, shape.inputs, 1,
                    place.input + first * place.inputStride, place.inputStride, values + pair.down.lowerBound,
                    shape.inputs, 0, narrow + first * widest, pair.rank)
                unsafe pi_sgemm(
                    false, true, run.rows.count, shape.outputs, pair.rank, pair.scale, narrow + first * widest,
                    pair.rank,
                    values + pair.up.lowerBound, pair.rank, 1, place.output + first * place.outputStride,
                    place.outputStride)
            }
        }
    }
}

extension LoRAAdapter {
    /// The largest rank of any layer.
    fileprivate var widestRank: Int {
        var widest = 0
        for layer in 0..<model.layerCount {
            for projection in Projection.allCases {
                widest = max(widest, pair(layer: layer, projection)?.rank ?? 0)
            }
        }
        return widest
    }
}
