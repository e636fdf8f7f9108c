extension Scheduler {
    /// What one sequence does in a step.
    private struct Share {
        let index: Int
        let tokens: ArraySlice<Int32>
        let wanted: SequenceStep.Wanted
        /// Guessed tokens among `tokens`.
        var guesses = 0
        /// The beam whose token it is.
        var beam: Int?
    }

    /// Computes the next token of every answer and the next pieces of prompts.
    mutating func step() {
        for index in sequences.indices where sequences[index].job.isCancelled { end(index, .cancelled) }
        let shares = plan()
        // Sequences of one model share a pass; those that only want hidden states have one of their own.
        var groups: [[Share]] = []
        for share in shares {
            let job = sequences[share.index].job
            let place = groups.firstIndex { group in
                let other = sequences[group[0].index].job
                return other.version.modelNumber == job.version.modelNumber && other.isEmbedding == job.isEmbedding
            }
            if let place { groups[place].append(share) } else { groups.append([share]) }
        }
        let promptTokens = shares.reduce(0) { sequences[$1.index].missing > 0 ? $0 + $1.tokens.count : $0 }
        let isAwaited = shares.contains { sequences[$0.index].missing == 0 }
        let start = ContinuousClock.now
        for group in groups {
            if queue.isClosed { break }
            // The rows of one adapter lie together, and among them those of one search, in the order of its beams.
            run(
                group.sorted {
                    (sequences[$0.index].job.version.number, $0.index, $0.beam ?? 0)
                        < (sequences[$1.index].job.version.number, $1.index, $1.beam ?? 0)
                })
        }
        if isAwaited { pace.note(promptTokens, took: .now - start) }
        sweep()
    }

    /// One token for each sequence that is being answered, guesses beside it, and prompt pieces up to what the pace
    /// allows: half of it for the request that came first, the rest for those with least to go.
    private func plan() -> [Share] {
        var shares: [Share] = []
        var reading: [Int] = []
        for (index, sequence) in sequences.enumerated() where !sequence.hasEnded {
            guard sequence.missing == 0 else {
                reading.append(index)
                continue
            }
            if let search = sequence.search {
                for (number, beam) in search.beams.enumerated() {
                    shares.append(Share(index: index, tokens: beam.last, wanted: .last, beam: number))
                }
                continue
            }
            let last = sequence.tokens.count - 1
            let guess = sequence.drafts.guess(most: sequence.left - 1)
            guard guess.isEmpty else {
                shares.append(
                    Share(
                        index: index, tokens: [sequence.tokens[last]] + guess, wanted: .all, guesses: guess.count))
                continue
            }
            shares.append(Share(index: index, tokens: [sequence.tokens[last]], wanted: .last))
        }
        guard let oldest = reading.first else { return shares }
        var rest = shares.isEmpty ? DecoderModel.chunk : pace.tokens
        var pieces = [Int](repeating: 0, count: sequences.count)
        func give(_ index: Int, _ most: Int) {
            let count = min(sequences[index].missing - pieces[index], most, rest)
            pieces[index] += count
            rest -= count
        }
        give(oldest, (rest + 1) / 2)
        for index in reading.dropFirst().sorted(by: { sequences[$0].missing < sequences[$1].missing }) {
            give(index, rest)
        }
        give(oldest, rest)
        for index in reading where pieces[index] > 0 {
            let sequence = sequences[index]
            let end = sequence.computed + pieces[index]
            let wanted: SequenceStep.Wanted =
                sequence.job.needsAllRows ? .all : end == sequence.job.prompt.count ? .last : .none
            shares.append(
                Share(index: index, tokens: sequence.job.prompt[sequence.computed..<end], wanted: wanted))
        }
        return shares
    }

    /// One forward pass of sequences of one model, and what follows from its logits.
    private mutating func run(_ shares: [Share]) {
        let first = sequences[shares[0].index].job
        let model = first.version.model
        var steps: [SequenceStep] = []
        steps.reserveCapacity(shares.count)
        for share in shares {
            let version = sequences[share.index].job.version
            steps.append(
                SequenceStep(
                    tokens: share.tokens, cache: sequences[share.index].takeCache(beam: share.beam),
                    wanted: share.wanted, beside: version))
        }
        let rows = model.step(&steps, scratch: &scratch)
        for (share, step) in zip(shares, steps) { sequences[share.index].giveBack(step.cache, beam: share.beam) }
        steps = []
        if first.isEmbedding {
            let hidden = model.finalHidden(rows: rows, scratch: scratch)
            var row = 0
            for share in shares { read(share, hidden, from: &row) }
            return
        }
        var logits: [Float] = []
        swap(&logits, &self.logits)
        if rows > 0 { model.heads(rows: rows, into: &logits, scratch: &scratch) }
        var row = 0
        for share in shares { take(share, logits, from: &row) }
        swap(&logits, &self.logits)
    }

    /// Adds hidden states to an embedding.
    private mutating func read(_ share: Share, _ hidden: [Float], from row: inout Int) {
        let width = base.config.hiddenSize
        for place in 0..<share.tokens.count * width {
            sequences[share.index].hiddenSum[place % width] += Double(hidden[row * width + place])
        }
        row += share.tokens.count
        sequences[share.index].computed += share.tokens.count
        let sequence = sequences[share.index]
        guard sequence.missing == 0 else { return }
        sequence.job.finish(embedding: sequence.hiddenSum.map { Float($0 / Double(sequence.job.prompt.count)) })
        sequences[share.index].hasEnded = true
    }

    /// Goes on with a search by what follows each of its beams; tells the answer when it is found.
    private mutating func search(_ index: Int, _ logits: [ArraySlice<Float>]) {
        do throws(EngineError) {
            try sequences[index].search?.advance(logits)
        } catch {
            return fail(index, error)
        }
        guard let search = sequences[index].search, search.beams.isEmpty else { return }
        let answer = search.answer
        for token in answer.tokens {
            sequences[index].noteToken(token.id)
            sequences[index].job.tell(.token(token))
        }
        end(index, answer.reason)
    }

    /// Goes on with a sequence: a piece of its prompt was read, or it has logits to choose from.
    private mutating func take(_ share: Share, _ logits: [Float], from row: inout Int) {
        let classes = base.config.vocabularySize
        let index = share.index
        let rows = share.wanted.count(of: share.tokens.count)
        let first = row
        row += rows
        func logitsOfRow(_ offset: Int) -> ArraySlice<Float> {
            logits[(first + offset) * classes..<(first + offset + 1) * classes]
        }
        if sequences[index].missing > 0 {
            if sequences[index].job.options.describesPrompt { describe(share, logitsOfRow) }
            sequences[index].computed += share.tokens.count
            guard sequences[index].missing == 0 else { return }
            keepPrefix(sequences[index])
            let job = sequences[index].job
            if job.options.describesPrompt { job.tell(.prompt(sequences[index].described)) }
            guard job.allowed > 0 else { return end(index, .length) }
            if job.options.beams > 1 {
                sequences[index].beginSearch()
                job.tell(.begun)
                return search(index, [logitsOfRow(rows - 1)])
            }
            _ = choose(index, logitsOfRow(rows - 1))
            return
        }
        if let beam = share.beam {
            // The first beam's share takes the rows of all.
            guard beam == 0, let count = sequences[index].search?.beams.count else { return }
            return search(index, (0..<count).map { logitsOfRow($0) })
        }
        // Row r answers what follows token r; a guess that is not chosen ends it, and its positions are forgotten.
        let guessed = Array(share.tokens.dropFirst())
        for offset in 0...share.guesses {
            guard let token = choose(index, logitsOfRow(offset)), offset < share.guesses, token == guessed[offset]
            else {
                break
            }
        }
        let sequence = sequences[index]
        if share.guesses > 0, sequence.cache.count > sequence.tokens.count - 1 {
            sequences[index].cache.truncate(to: sequence.tokens.count - 1)
        }
    }

    private mutating func describe(_ share: Share, _ logitsOfRow: (Int) -> ArraySlice<Float>) {
        let prompt = sequences[share.index].job.prompt
        let top = sequences[share.index].job.options.topLogprobs ?? 0
        for (offset, place) in share.tokens.indices.enumerated() where place + 1 < prompt.count {
            sequences[share.index].described.append(
                GeneratedToken(prompt[place + 1], logits: logitsOfRow(offset), top: top))
        }
    }

    /// Chooses the next token and tells it; nil where the sequence has ended.
    private mutating func choose(_ index: Int, _ logits: ArraySlice<Float>) -> Int32? {
        let choice: Sampler.Choice
        do throws(EngineError) {
            choice = try sequences[index].sampler.next(logits)
        } catch {
            fail(index, error)
            return nil
        }
        guard case .token(let token) = choice else {
            end(index, .stop)
            return nil
        }
        sequences[index].noteToken(token.id)
        sequences[index].job.tell(.token(token))
        if sequences[index].sampler.isComplete {
            end(index, .stop)
        } else if sequences[index].left == 0 {
            end(index, .length)
        } else if sequences[index].job.isCancelled {
            end(index, .cancelled)
        }
        return sequences[index].hasEnded ? nil : token.id
    }

    private mutating func fail(_ index: Int, _ error: EngineError) {
        sequences[index].job.fail(error)
        sequences[index].hasEnded = true
    }

    private mutating func end(_ index: Int, _ reason: FinishReason) {
        sequences[index].job.finish(reason, sequences[index].closed())
        sequences[index].hasEnded = true
    }
}

extension AdapterVersion {
    /// Versions with equal numbers share a forward pass.
    var modelNumber: Int { beside == nil ? number : 0 }
}

extension SequenceStep.Wanted {
    /// How many of a sequence's rows are wanted.
    func count(of tokens: Int) -> Int {
        switch self {
        case .none: 0
        case .last: 1
        case .all: tokens
        }
    }
}
