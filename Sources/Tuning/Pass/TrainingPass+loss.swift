import Engine

extension TrainingPass {
    private static let chunkRows = 256

    /// The weighted cross-entropy over the rows that have a weight; sets `streamGradient` to the gradient at the
    /// last layer's output. Returns sum(weight * loss) in nats.
    mutating func lossAndGradient(
        _ sequence: PackedSequence, weights: ModelWeights, trainable: Trainable, wantsGradient: Bool
    ) -> Double {
        let rows = sequence.count
        let hidden = config.hiddenSize
        let norm = weights.values[layout.finalNorm]
        kernels.rmsNorm(
            stream[...], weight: norm, epsilon: config.normEpsilon, into: &scratch.finalNormed,
            inverseRMS: &scratch.finalInverse, rows: rows)
        clear(&scratch.normed, count: rows * hidden)
        let predicting = (0..<rows).filter { sequence.weights[$0] != 0 }
        if !wantsGradient { predictions = [Int32](repeating: -1, count: rows) }
        var total = 0.0
        for start in stride(from: 0, to: predicting.count, by: Self.chunkRows) {
            let chunk = predicting[start..<min(start + Self.chunkRows, predicting.count)]
            total += chunkLoss(chunk, sequence, weights: weights, trainable: trainable, wantsGradient: wantsGradient)
        }
        guard wantsGradient else { return total }
        clear(&streamGradient, count: rows * hidden)
        var offset: Int?
        if case .allWeights = trainable { offset = layout.finalNorm.lowerBound }
        kernels.rmsNormBackward(
            scratch.normed[...], x: stream[...], weight: norm, inverseRMS: scratch.finalInverse[...],
            into: &streamGradient, weightGradients: &gradients, at: offset, rows: rows)
        return total
    }

    private mutating func chunkLoss(
        _ chunk: ArraySlice<Int>, _ sequence: PackedSequence, weights: ModelWeights, trainable: Trainable,
        wantsGradient: Bool
    ) -> Double {
        let hidden = config.hiddenSize
        let classes = config.vocabularySize
        let count = chunk.count
        resize(&scratch.headInput, Self.chunkRows * hidden)
        resize(&scratch.headGradient, Self.chunkRows * hidden)
        resize(&scratch.logits, Self.chunkRows * classes)
        for (index, row) in chunk.enumerated() {
            scratch.headInput.replaceSubrange(
                index * hidden..<(index + 1) * hidden, with: scratch.finalNormed[row * hidden..<(row + 1) * hidden])
        }
        let head = weights.values[layout.head]
        if let frozen {
            frozen.head.multiply(scratch.headInput, rows: count, into: &scratch.logits)
        } else {
            BLAS.linear(
                scratch.headInput[...], head, into: &scratch.logits, rows: count, inputs: hidden, outputs: classes)
        }
        if !wantsGradient {
            for (index, row) in chunk.enumerated() {
                predictions[row] = Int32(kernels.argmax(scratch.logits[index * classes..<(index + 1) * classes]))
            }
        }
        for (index, row) in chunk.enumerated() where topCount > 0 && !wantsGradient {
            tops[row] = TokenDistribution(
                logits: scratch.logits[index * classes..<(index + 1) * classes], count: topCount)
        }
        for (index, row) in chunk.enumerated() where collectsLogProbabilities && !wantsGradient {
            logProbabilities[row] = logSoftmax(scratch.logits[index * classes..<(index + 1) * classes])
        }
        let guided = guidedRows(chunk, sequence, classes: classes)
        let taught = taughtRows(chunk, sequence, classes: classes)
        var losses = [Float](repeating: 0, count: count)
        let rowWeights = chunk.map { sequence.weights[$0] }
        kernels.crossEntropy(
            &scratch.logits, losses: &losses, targets: chunk.map { sequence.targets[$0] }, weights: rowWeights,
            rows: count, classes: classes)
        learn(from: taught, losses: &losses, share: sequence.teacherShare, weights: rowWeights, classes: classes)
        follow(guided, losses: &losses, weights: rowWeights, classes: classes)
        let total = zip(losses, rowWeights).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        guard wantsGradient else { return total }
        if let frozen {
            frozen.head.inputGradient(scratch.logits, rows: count, into: &scratch.headGradient, adding: false)
        } else {
            BLAS.linearInputGradient(
                scratch.logits[...], head, into: &scratch.headGradient, rows: count, inputs: hidden, outputs: classes)
        }
        if case .allWeights = trainable {
            BLAS.linearWeightGradient(
                scratch.logits[...], scratch.headInput[...], into: &gradients, at: layout.head.lowerBound,
                rows: count, inputs: hidden, outputs: classes)
        }
        for (index, row) in chunk.enumerated() {
            scratch.normed.replaceSubrange(
                row * hidden..<(row + 1) * hidden, with: scratch.headGradient[index * hidden..<(index + 1) * hidden])
        }
        return total
    }
}
