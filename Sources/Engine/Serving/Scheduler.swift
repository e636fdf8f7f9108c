/// Computes all running sequences together, step by step, on one thread: continuous batching with chunked prompts.
///
/// A step holds one new token of every sequence that is being answered and pieces of prompts that are being read, so
/// that a long prompt delays the others by one piece at a time. Sequences join and leave between steps.
///
/// Sources: Yu et al., "Orca", OSDI 2022 (batching by iteration); Agrawal et al., "Sarathi-Serve", OSDI 2024 (chunks);
/// Kwon et al., "PagedAttention", SOSP 2023 (blocks); Zheng et al., "SGLang", 2024 (prefixes in a tree).
struct Scheduler: ~Copyable {
    let queue: GenerationQueue
    let base: DecoderModel
    let options: EngineOptions
    let blockBytes: Int
    var sequences: [RunningSequence] = []
    var prefixes = PrefixTree()
    var pace: StepPace
    var scratch: DecoderScratch
    var logits: [Float] = []

    init(queue: GenerationQueue, base: DecoderModel, options: EngineOptions) {
        self.queue = queue
        self.base = base
        self.options = options
        pace = StepPace(target: options.stepTime, most: options.chunk)
        blockBytes = KeyValueBlock.Shape(base.config, isHalf: base.usesHalfCache).bytes
        scratch = DecoderScratch(base.config)
    }

    /// Works until the queue is closed: the body of the engine's thread.
    mutating func run() {
        while true {
            for number in queue.takeDropped() { prefixes.remove(adapter: number) }
            if queue.isClosed { return end() }
            admit()
            if sequences.isEmpty {
                queue.wait()
                continue
            }
            step()
        }
    }

    /// Cancels what runs.
    private mutating func end() {
        for sequence in sequences { sequence.job.finish(.cancelled, sequence.closed()) }
        queue.ended(sequences.count)
        sequences = []
    }

    // MARK: Admission

    /// Blocks that the budget holds.
    private var budget: Int { options.cacheBytes / max(blockBytes, 1) }

    /// Takes in waiting requests, in order of arrival, while there is room for their longest answers.
    private mutating func admit() {
        guard sequences.count < options.sequences else { return }
        // Admitting pins blocks: it happens after the queue has given the jobs out.
        var room = options.sequences - sequences.count
        var reserved = sequences.reduce(0) { $0 + $1.reserved }
        var isFull = false
        let prefilling = sequences.filter { $0.missing > 0 }
        let budget = budget
        var admitted: [GenerationJob] = []
        let jobs = queue.take { job in
            guard room > 0, !isFull, !Self.waits(job, for: prefilling, admitted) else { return false }
            let needed = Self.blocks(of: job)
            // One request alone always runs: its context bounds it.
            guard reserved + needed <= budget || reserved == 0 else {
                isFull = true
                return false
            }
            reserved += needed
            room -= 1
            admitted.append(job)
            return true
        }
        for job in jobs { start(job) }
    }

    /// Whether most of a prompt is just being computed for another request, and can be taken from it soon.
    private static func waits(
        _ job: GenerationJob, for prefilling: [RunningSequence], _ admitted: [GenerationJob]
    ) -> Bool {
        guard job.options.keepsPrefix, !job.needsAllRows else { return false }
        func isAlike(_ other: GenerationJob) -> Bool {
            guard other.version === job.version, other.options.tenant == job.options.tenant, !other.needsAllRows,
                other.options.keepsPrefix
            else { return false }
            let most = min(other.prompt.count, job.prompt.count)
            var shared = 0
            while shared < most, other.prompt[shared] == job.prompt[shared] { shared += 1 }
            return shared >= 4 * KeyValueBlock.positions && shared >= job.prompt.count / 2
        }
        return admitted.contains(where: isAlike)
            || prefilling.contains { sequence in
                sequence.missing > 2 * KeyValueBlock.positions && isAlike(sequence.job)
            }
    }

    /// Blocks that a request may need at most; an answer without a limit counts as 2,048 tokens.
    private static func blocks(of job: GenerationJob) -> Int {
        let answer = job.options.maximumNewTokens == nil ? min(job.allowed, 2_048) : job.allowed
        // Each beam has a copy of the prompt's last block, if that is not full; the sequence keeps its own.
        let (whole, rest) = job.prompt.count.quotientAndRemainder(dividingBy: KeyValueBlock.positions)
        let branch = (rest + answer + KeyValueBlock.positions - 1) / KeyValueBlock.positions
        return whole + branch * job.options.beams + (job.options.beams > 1 ? 1 : 0)
    }

    private mutating func start(_ job: GenerationJob) {
        var match = PrefixTree.Match()
        if options.keepsPrefixes, job.options.keepsPrefix, !job.needsAllRows {
            match = prefixes.match(
                job.prompt, adapter: job.version.number, tenant: job.options.tenant ?? "",
                shared: job.options.sharedPrefix)
        }
        let reserved = max(Self.blocks(of: job) - match.blocks.count, 0)
        sequences.append(
            RunningSequence(
                job, cache: KeyValueCache(base.config, holding: match.blocks), match: match, reserved: reserved,
                config: base.config,
                guesses: job.options.constraint == nil && job.options.beams == 1 ? options.guesses : 0))
        prefixes.shrink(to: max(budget - sequences.reduce(0) { $0 + $1.reserved }, 0))
    }

    // MARK: The end of a sequence

    /// Takes out the sequences that have ended, and keeps their beginnings for later prompts.
    mutating func sweep() {
        var ended = 0
        for index in sequences.indices where sequences[index].hasEnded {
            ended += 1
            keepPrefix(sequences[index])
            prefixes.unpin(sequences[index].match)
        }
        guard ended > 0 else { return }
        sequences.removeAll(where: \.hasEnded)
        queue.ended(ended)
        prefixes.shrink(to: max(budget - sequences.reduce(0) { $0 + $1.reserved }, 0))
    }

    /// Puts the full blocks of a sequence into the tree.
    mutating func keepPrefix(_ sequence: RunningSequence) {
        guard options.keepsPrefixes, sequence.job.options.keepsPrefix, !sequence.job.isEmbedding else { return }
        let tokens = Array(sequence.tokens.prefix(sequence.cache.count))
        prefixes.insert(
            tokens, blocks: sequence.cache.blocks, adapter: sequence.job.version.number,
            tenant: sequence.job.options.tenant ?? "", shared: sequence.job.options.sharedPrefix)
    }
}
