import CKernels

extension DecoderModel {
    /// Runs the tokens of several sequences through all layers in one pass; the caches then hold them.
    ///
    /// The wanted rows' final hidden states, in the order of the steps, are the first rows of `scratch.hidden`.
    ///
    /// - Returns: the number of wanted rows.
    func step(_ steps: inout [SequenceStep], scratch: inout DecoderScratch) -> Int {
        for index in steps.indices {
            let positions = steps[index].cache.count + steps[index].tokens.count
            steps[index].cache.reserve(positions, isHalf: usesHalfCache)
        }
        let rows = StepRows(steps, config: config)
        scratch.prepare(config, rows: rows.count)
        embed(rows.tokens, scratch: scratch)
        for (number, layer) in packed.layers.enumerated() {
            let isLast = number == packed.layers.count - 1
            project(layer, rows, scratch: &scratch)
            addQueryKeyValue(rows.adapters, layer: number, scratch: &scratch)
            finishProjections(layer, number, rows, scratch: scratch)
            attend(isLast ? rows.wantedPieces : rows.pieces, layer: number, rows, scratch: scratch)
            if isLast { keep(rows.wanted, scratch: scratch) }
            let kept = isLast ? rows.wanted.count : rows.count
            multiply(
                layer.output, scratch.mixed, stride: config.queryWidth, into: scratch.hidden, rows: kept,
                bias: layer.outputBias, adds: true, quantized: &scratch.quantized)
            let adapters = isLast ? rows.wantedAdapters : rows.adapters
            unsafe adapters.add(
                .init(
                    layer: number, projection: .output, input: scratch.mixed.start, inputStride: config.queryWidth,
                    output: scratch.hidden.start, outputStride: config.hiddenSize),
                inner: &scratch.inner, team: team)
            feedForward(layer, number, rows: kept, adapters, scratch: &scratch)
        }
        for index in steps.indices { steps[index].cache.advance(by: steps[index].tokens.count) }
        return rows.wanted.count
    }

    private func embed(_ tokens: [Int32], scratch: borrowing DecoderScratch) {
        let width = config.hiddenSize
        let hidden = unsafe scratch.hidden.start
        let scale = config.embeddingScale
        forRows(tokens.count, of: width) { row in
            let target = unsafe hidden + row * width
            unsafe packed.embedding.unpack(row: Int(tokens[row]), into: target)
            guard scale != 1 else { return }
            for column in 0..<width { unsafe target[column] *= scale }
        }
    }

    /// fused = q, k and v of norm(hidden).
    private func project(_ layer: PackedWeights.Layer, _ rows: StepRows, scratch: inout DecoderScratch) {
        norm(layer.attentionNorm, rows: rows.count, scratch: scratch)
        multiply(
            layer.queryKeyValue, scratch.normed, stride: config.hiddenSize, into: scratch.fused, rows: rows.count,
            bias: nil, adds: false, quantized: &scratch.quantized)
    }

    /// Biases, head norms and rotation of q and k; keys and values go to the caches.
    private func finishProjections(
        _ layer: PackedWeights.Layer, _ number: Int, _ rows: StepRows, scratch: borrowing DecoderScratch
    ) {
        let (queryWidth, keyValueWidth) = (config.queryWidth, config.keyValueWidth)
        let stride = queryWidth + 2 * keyValueWidth
        let fused = unsafe scratch.fused.start
        let table = rotary.rows(for: rows.positionCount)
        forRows(rows.count, of: stride) { row in
            let q = unsafe fused + row * stride
            let k = unsafe q + queryWidth
            if let bias = layer.queryKeyValueBias { unsafe kernels.functions.add_scaled(q, bias, 1, stride) }
            if let weight = layer.queryNorm { unsafe normHeads(q, weight, heads: config.headCount) }
            if let weight = layer.keyNorm { unsafe normHeads(k, weight, heads: config.keyValueHeadCount) }
            unsafe rotate(
                q, heads: config.headCount + config.keyValueHeadCount, position: rows.positions[row], table)
            let sequence = rows.sequences[rows.owners[row]]
            let position = Int(rows.positions[row])
            let block = unsafe UnsafeMutableRawPointer(
                mutating: sequence.blocks[position / KeyValueBlock.positions]! + number * layerBytes)
            unsafe products.functions.store_position(
                block, position % KeyValueBlock.positions, k, k + keyValueWidth, config.keyValueHeadCount,
                config.headSize, usesHalfCache)
        }
    }

    private func normHeads(_ x: UnsafeMutablePointer<Float>, _ weight: [Float], heads: Int) {
        var inverse: Float = 0
        for head in 0..<heads {
            let start = unsafe x + head * config.headSize
            unsafe kernels.functions.rms_norm(start, &inverse, start, weight, 1, config.headSize, config.normEpsilon)
        }
    }

    private func rotate(_ x: UnsafeMutablePointer<Float>, heads: Int, position: Int32, _ table: RotaryTable) {
        var position = position
        unsafe kernels.functions.rotate(
            x, &position, table.cosines, table.sines, 1, heads, config.headSize, heads * config.headSize, 1)
    }

    /// mixed = attention of the pieces' rows over their sequences' caches.
    private func attend(_ pieces: [StepRows.Piece], layer: Int, _ rows: StepRows, scratch: borrowing DecoderScratch) {
        let stride = config.queryWidth + 2 * config.keyValueWidth
        let (fused, mixed) = unsafe (scratch.fused.start, scratch.mixed.start)
        let scale = 1 / Float(config.headSize).squareRoot()
        let window = config.window(layer: layer) ?? 0
        team.run(parts: pieces.count) { number in
            let piece = pieces[number]
            let sequence = rows.sequences[piece.sequence]
            let first = sequence.rows.lowerBound
            unsafe sequence.blocks.withUnsafeBufferPointer { blocks in
                var attention = unsafe pi_attention(
                    queries: fused + first * stride, query_stride: stride, out: mixed + first * config.queryWidth,
                    out_stride: config.queryWidth, blocks: blocks.baseAddress, layer_offset: layer * layerBytes,
                    start: sequence.start, window: window, heads: config.headCount,
                    key_value_heads: config.keyValueHeadCount, head_size: config.headSize, scale: scale,
                    half: usesHalfCache)
                unsafe products.functions.attend(
                    &attention, piece.head, piece.rows.lowerBound - first, piece.rows.count)
            }
        }
    }

    /// Moves the wanted rows of what the last layer goes on with to the front.
    private func keep(_ wanted: [Int], scratch: borrowing DecoderScratch) {
        for (target, row) in wanted.enumerated() where target != row {
            unsafe move(row, to: target, in: scratch.hidden.start, width: config.hiddenSize)
            unsafe move(row, to: target, in: scratch.mixed.start, width: config.queryWidth)
        }
    }

    private func move(_ row: Int, to target: Int, in rows: UnsafeMutablePointer<Float>, width: Int) {
        unsafe (rows + target * width).update(from: rows + row * width, count: width)
    }

    /// hidden += down_proj(activation(gate_proj(x)) * up_proj(x)), x = norm(hidden).
    private func feedForward(
        _ layer: PackedWeights.Layer, _ number: Int, rows: Int, _ adapters: AdapterRows, scratch: inout DecoderScratch
    ) {
        let width = config.intermediateSize
        norm(layer.feedForwardNorm, rows: rows, scratch: scratch)
        multiply(
            layer.gateUp, scratch.normed, stride: config.hiddenSize, into: scratch.fused, rows: rows,
            bias: layer.gateUpBias, adds: false, quantized: &scratch.quantized)
        let (fused, mixed) = unsafe (scratch.fused.start, scratch.mixed.start)
        for (projection, offset) in [(Projection.gate, 0), (.up, width)] {
            unsafe adapters.add(
                .init(
                    layer: number, projection: projection, input: scratch.normed.start, inputStride: config.hiddenSize,
                    output: fused + offset, outputStride: 2 * width), inner: &scratch.inner, team: team)
        }
        forRows(rows, of: 2 * width) { row in
            let gate = unsafe fused + row * 2 * width
            switch config.block.activation {
            case .silu: unsafe kernels.functions.silu_multiply(mixed + row * width, gate, gate + width, width)
            case .geluTanh: unsafe kernels.functions.gelu_multiply(mixed + row * width, gate, gate + width, width)
            }
        }
        multiply(
            layer.down, scratch.mixed, stride: width, into: scratch.hidden, rows: rows, bias: layer.downBias,
            adds: true, quantized: &scratch.quantized)
        unsafe adapters.add(
            .init(
                layer: number, projection: .down, input: mixed, inputStride: width, output: scratch.hidden.start,
                outputStride: config.hiddenSize), inner: &scratch.inner, team: team)
    }

    /// The adapters' part of q, k and v.
    private func addQueryKeyValue(_ adapters: AdapterRows, layer number: Int, scratch: inout DecoderScratch) {
        let (queryWidth, keyValueWidth) = (config.queryWidth, config.keyValueWidth)
        let places = [(Projection.query, 0), (.key, queryWidth), (.value, queryWidth + keyValueWidth)]
        for (projection, offset) in places {
            unsafe adapters.add(
                .init(
                    layer: number, projection: projection, input: scratch.normed.start, inputStride: config.hiddenSize,
                    output: scratch.fused.start + offset, outputStride: queryWidth + 2 * keyValueWidth),
                inner: &scratch.inner, team: team)
        }
    }
}
