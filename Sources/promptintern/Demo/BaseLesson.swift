import HouseBooks
import Tokenization
import Tuning

/// Training text for the demo's base model: a random house book as the prompt, questions about it as segments.
///
/// Every book is new, so the only way to a right answer is to read the prompt. Losses count on all tokens: the
/// question and the answer in full, the book at a quarter (its codes are random and cannot be learned).
struct BaseLesson {
    /// Sizes of growing difficulty; the last one is the demo's own.
    static let levels: [Book.Size] = [
        Book.Size(functions: 2, branches: 3, accounts: 3, months: 3, isExplained: false),
        Book.Size(functions: 4, branches: 6, accounts: 6, months: 6, isExplained: false),
        Book.Size(functions: 8, branches: 12, accounts: 12, months: 12, isExplained: false),
        .full,
    ]

    /// Worked examples in the prompt of each level.
    static let exampleCounts = [3, 5, 8, 10]
    static let bookWeight: Float = 0.25

    let tokenizer: Tokenizer
    let template: ChatTemplate

    /// A book of the given level with worked examples, and `questions` questions that share it.
    func lesson(level: Int, questions: Int, random: inout BookRandom) -> PackedSequence {
        let (system, book) = system(level: level, random: &random)
        var sequence = PackedSequence(prefix: encodeSystem(system), weight: Self.bookWeight)
        for _ in 0..<questions {
            let (ids, answerStart) = encode(Question(about: book, random: &random))
            sequence.append(ids, weights: ids.indices.map { $0 < answerStart ? Self.bookWeight : 1 })
        }
        return sequence
    }

    /// The same kind of text with losses on the answers only, to measure exact answers.
    func examination(level: Int, questions: Int, random: inout BookRandom) -> PackedSequence {
        let (system, book) = system(level: level, random: &random)
        var sequence = PackedSequence(prefix: encodeSystem(system))
        for _ in 0..<questions {
            let (ids, answerStart) = encode(Question(about: book, random: &random))
            sequence.append(ids, weights: ids.indices.map { $0 < answerStart ? 0 : 1 })
        }
        return sequence
    }

    private func system(level: Int, random: inout BookRandom) -> (text: String, book: Book) {
        let book = Book(seed: random.next(), size: Self.levels[level])
        let examples = (0..<Self.exampleCounts[level]).map { _ in
            let question = Question(about: book, random: &random)
            return BookText.example(question: question.text, formula: question.formula)
        }
        return (BookText.head(book) + examples.joined() + BookText.tail, book)
    }

    private func encodeSystem(_ text: String) -> [Int32] {
        template.encode(messages: [("system", Array(text.utf8))], addGenerationPrompt: false).ids
    }

    private func encode(_ question: Question) -> (ids: [Int32], answerStart: Int) {
        let prompt = template.encode(messages: [("user", Array(question.text.utf8))], addGenerationPrompt: true).ids
        let answer = tokenizer.encode(Array(question.formula.utf8)) + [template.stopTokens[0]]
        return (prompt + answer, prompt.count)
    }
}
