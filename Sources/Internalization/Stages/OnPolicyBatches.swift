import Engine
import Tuning

/// The batches of the on-policy stage: the student answers the queries, drawing each token by its own probabilities,
/// and the teacher tells after the same rows' full prompts what it would have expected at each of these tokens.
///
/// A batch depends on nothing but the student's values, the rows and the seed, so that a resumed run repeats it.
struct OnPolicyBatches {
    let base: DecoderModel
    let teacher: Trainer
    /// The rows' full prompts, with the labels.
    let whole: [EncodedExample]
    /// The rows' queries alone.
    let bare: [EncodedExample]
    /// What ends an answer; the first one stands at the end of labels.
    let endTokens: [Int32]
    let threads: Int

    /// Sequences after the queries, guided at every token that the student wrote, the end included.
    ///
    /// - Parameter pieces: how many parts the rows are cut into.
    func batch(
        rows: [Int], student: LoRAAdapter, seed: UInt64, pieces: Int
    ) throws -> [PackedSequence] {
        let generator = AnswerGenerator(
            model: try base.merging(student), endTokens: endTokens, maximumAnswer: longestAnswer, temperature: 1,
            seed: seed, threads: threads)
        let written = try generator.answers(rows.map { bare[$0].prompt }).map { answer in
            answer.tokens + (answer.isComplete ? endTokens.prefix(1) : [])
        }
        let share = (rows.count + pieces - 1) / pieces
        let cuts = stride(from: 0, to: rows.count, by: share).map { $0..<min($0 + share, rows.count) }
        func packed(_ prompts: [EncodedExample], _ cut: Range<Int>, guides: [[[Float]]] = []) -> PackedSequence {
            PackedSequence(
                packing: cut.map { EncodedExample(prompt: prompts[rows[$0]].prompt, answer: written[$0]) },
                guides: guides)
        }
        let guides = teacher.logProbabilities(cuts.map { packed(whole, $0) })
        return zip(cuts, guides).map { packed(bare, $0, guides: $1) }
    }

    /// Longest answer of the student: as long as the longest label, where the longest full prompt leaves room for it.
    private var longestAnswer: Int {
        let room = base.config.maximumPositions - (whole.map(\.prompt.count).max() ?? 0)
        return max(1, min(room, whole.map(\.answer.count).max() ?? 1))
    }
}
