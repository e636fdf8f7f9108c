import Engine
import Foundation

/// The decoder of every family as its formulas read: double precision, no cache, no library, the adapter beside the weights.
struct PlainDecoder {
    let weights: ModelWeights
    var adapter: LoRAAdapter?

    /// [tokens, vocabulary].
    func logits(_ tokens: [Int32]) -> [Float] {
        let config = weights.config
        var rows = tokens.map { token in
            row(weights.layout.embedding, Int(token), config.hiddenSize).map { $0 * Double(config.embeddingScale) }
        }
        for layer in weights.layout.layers.indices {
            let places = weights.layout.layers[layer]
            let attended = attention(rows.map { norm($0, places.attentionNorm) }, layer: layer)
            rows = zip(rows, attended).map { sum($0, linear($1, layer, .output)) }
            rows = rows.map { x in
                let normed = norm(x, places.feedForwardNorm)
                let gate = linear(normed, layer, .gate).map(activation)
                let up = linear(normed, layer, .up)
                return sum(x, linear(zip(gate, up).map { $0 * $1 }, layer, .down))
            }
        }
        return rows.flatMap { x in
            let normed = norm(x, weights.layout.finalNorm)
            return (0..<config.vocabularySize).map { token in
                Float(dot(row(weights.layout.head, token, config.hiddenSize), normed))
            }
        }
    }

    private func attention(_ rows: [[Double]], layer: Int) -> [[Double]] {
        let config = weights.config
        let places = weights.layout.layers[layer]
        let queries = rows.enumerated().map {
            rotate(normHeads(linear($1, layer, .query), places.queryNorm), position: $0)
        }
        let keys = rows.enumerated().map { rotate(normHeads(linear($1, layer, .key), places.keyNorm), position: $0) }
        let window = layer < config.block.windows.count ? config.block.windows[layer] ?? rows.count : rows.count
        let values = rows.map { linear($0, layer, .value) }
        let group = config.headCount / config.keyValueHeadCount
        return rows.indices.map { position in
            (0..<config.headCount).flatMap { head in
                let own = head * config.headSize..<(head + 1) * config.headSize
                let shared = head / group * config.headSize..<(head / group + 1) * config.headSize
                let first = max(0, position - window + 1)
                let scores = (first...position).map { past in
                    dot(Array(queries[position][own]), Array(keys[past][shared])) / Double(config.headSize).squareRoot()
                }
                let highest = scores.reduce(-Double.infinity, max)
                let shares = scores.map { exp($0 - highest) }
                let total = shares.reduce(0, +)
                return shared.map { column in
                    (first...position).reduce(0.0) { $0 + shares[$1 - first] / total * values[$1][column] }
                }
            }
        }
    }

    private func rotate(_ x: [Double], position: Int) -> [Double] {
        let size = weights.config.headSize
        var rotated = x
        for start in stride(from: 0, to: x.count, by: size) {
            for index in 0..<size / 2 {
                let frequency = scaled(pow(Double(weights.config.ropeTheta), -Double(2 * index) / Double(size)))
                let (c, s) = (cos(Double(position) * frequency), sin(Double(position) * frequency))
                let (low, high) = (start + index, start + index + size / 2)
                rotated[low] = x[low] * c - x[high] * s
                rotated[high] = x[high] * c + x[low] * s
            }
        }
        return rotated
    }

    /// Llama 3's rule as its authors' reference code has it: by wavelength, blended between two borders.
    private func scaled(_ frequency: Double) -> Double {
        switch weights.config.ropeScaling {
        case .none: return frequency
        case .linear(let factor): return frequency / Double(factor)
        case .llama3(let rule):
            let (low, high) = (Double(rule.lowFrequencyFactor), Double(rule.highFrequencyFactor))
            let turns = Double(rule.originalPositions) * frequency / (2 * Double.pi)
            let kept = min(1, max(0, (turns - low) / (high - low)))
            return frequency * (kept + (1 - kept) / Double(rule.factor))
        }
    }

    private func activation(_ x: Double) -> Double {
        switch weights.config.block.activation {
        case .silu: x / (1 + exp(-x))
        case .geluTanh: x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        }
    }

    private func normHeads(_ x: [Double], _ place: Range<Int>?) -> [Double] {
        guard let place else { return x }
        return stride(from: 0, to: x.count, by: place.count).flatMap { norm(Array(x[$0..<$0 + place.count]), place) }
    }

    private func linear(_ x: [Double], _ layer: Int, _ projection: Projection) -> [Double] {
        let shape = projection.shape(in: weights.config)
        let place = weights.layout.layers[layer].range(of: projection)
        var y = (0..<shape.outputs).map { dot(row(place, $0, shape.inputs), x) }
        if let bias = weights.layout.layers[layer].bias(of: projection) { y = sum(y, row(bias, 0, shape.outputs)) }
        guard let adapter, let pair = adapter.pair(layer: layer, projection) else { return y }
        let rank = pair.rank
        let inner = (0..<rank).map { r in
            (0..<shape.inputs).reduce(0.0) {
                $0 + Double(adapter.values[pair.down.lowerBound + r * shape.inputs + $1]) * x[$1]
            }
        }
        for output in 0..<shape.outputs {
            for r in 0..<rank {
                let b = Double(adapter.values[pair.up.lowerBound + output * rank + r])
                y[output] += Double(pair.scale) * b * inner[r]
            }
        }
        return y
    }

    private func norm(_ x: [Double], _ place: Range<Int>) -> [Double] {
        let mean = dot(x, x) / Double(x.count)
        let inverse = 1 / (mean + Double(weights.config.normEpsilon)).squareRoot()
        return zip(x, weights.values[place]).map { $0 * inverse * Double($1) }
    }

    private func row(_ place: Range<Int>, _ index: Int, _ width: Int) -> [Double] {
        weights.values[place.lowerBound + index * width..<place.lowerBound + (index + 1) * width].map(Double.init)
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    private func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }
}
