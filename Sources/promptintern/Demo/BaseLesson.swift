import HouseBooks
import Randomness
import Tokenization
import Tuning

/// Training text for the demo's base model: a random house book as the prompt, questions about it as segments.
///
/// Every book is new, so the only way to a right answer is to read the prompt. Losses count on all tokens: answers in
/// full, the book and the questions at a quarter (a book's codes are random and cannot be learned).
struct BaseLesson {
    /// One grade of difficulty.
    struct Level {
        var size: Book.Size
        /// Worked examples in the prompt.
        var examples: Int
        /// True: instead of questions, segments recite the codes of all names in random order. Half of the tokens then
        /// train looking up, where a question has one in five.
        var recites = false
    }

    /// Levels of growing difficulty; the last one is the demo's own prompt.
    static let levels = [
        Level(
            size: Book.Size(functions: 2, branches: 3, accounts: 3, months: 3, isExplained: false), examples: 0,
            recites: true),
        Level(size: Book.Size(functions: 2, branches: 3, accounts: 3, months: 3, isExplained: false), examples: 3),
        Level(size: Book.Size(functions: 4, branches: 6, accounts: 6, months: 6, isExplained: false), examples: 5),
        Level(size: Book.Size(functions: 8, branches: 12, accounts: 12, months: 12, isExplained: false), examples: 8),
        Level(size: .full, examples: 10),
    ]

    static let bookWeight: Float = 0.25

    let tokenizer: Tokenizer
    let template: ChatTemplate
    private let codeTokens: Set<Int32>

    init(tokenizer: Tokenizer, template: ChatTemplate) {
        self.tokenizer = tokenizer
        self.template = template
        codeTokens = Set(BPETrainer.digitPairs.compactMap { tokenizer.id(of: $0) })
    }

    /// A book of the given level with worked examples, and `segments` questions (or recitals) that share it.
    func lesson(level: Int, segments: Int, random: inout SplitMix64) throws -> PackedSequence {
        try sequence(Self.levels[level], segments: segments, otherWeight: Self.bookWeight, random: &random)
    }

    /// The same kind of text with losses on the answers only, to measure exact answers.
    func examination(level: Int, segments: Int, random: inout SplitMix64) throws -> PackedSequence {
        try sequence(Self.levels[level], segments: segments, otherWeight: 0, random: &random)
    }

    private func sequence(
        _ level: Level, segments: Int, otherWeight: Float, random: inout SplitMix64
    ) throws -> PackedSequence {
        let book = Book(seed: random.next(), size: level.size)
        let examples = (0..<level.examples).map { _ in
            let question = Question(about: book, random: &random)
            return BookText.example(question: question.text, formula: question.formula)
        }
        let system = BookText.head(book) + examples.joined() + BookText.tail
        let prefix = try template.encode(messages: [("system", Array(system.utf8))], addGenerationPrompt: false).ids
        var sequence = PackedSequence(prefix: prefix, weight: otherWeight)
        for _ in 0..<segments {
            let (ids, counts) =
                level.recites
                ? try recital(of: book, random: &random) : try answer(to: Question(about: book, random: &random))
            sequence.append(ids, weights: counts.map { $0 ? 1 : otherWeight })
        }
        return sequence
    }

    /// A question with its answer; the answer's tokens count.
    private func answer(to question: Question) throws -> (ids: [Int32], counts: [Bool]) {
        let prompt = try template.encode(messages: [("user", Array(question.text.utf8))], addGenerationPrompt: true).ids
        let answer = tokenizer.encode(Array(question.formula.utf8)) + [template.stopTokens[0]]
        return (
            prompt + answer,
            [Bool](repeating: false, count: prompt.count) + [Bool](repeating: true, count: answer.count)
        )
    }

    /// All names of a book with their codes, in random order; the codes' tokens count.
    private func recital(of book: Book, random: inout SplitMix64) throws -> (ids: [Int32], counts: [Bool]) {
        let entries = book.functions + book.branches + book.accounts + book.months
        let text = random.choose(entries.count, of: entries).map { " " + $0.reference }.joined(separator: ",")
        let ids = try template.encode(messages: [("assistant", Array(text.utf8))], addGenerationPrompt: false).ids
        return (ids, ids.map(codeTokens.contains))
    }
}
