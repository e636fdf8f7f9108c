import ChatAPI
import Grammar
import PromptSchema
import Synchronization
public import Tokenization

/// The automata of the grammars that requests asked for last, over one tokenizer's vocabulary.
///
/// A grammar's automaton is kept from answer to answer, so that a schema that comes again costs nothing anew. Later
/// answers begin in the successor of one that is crowded. The cache belongs to the tokenizer: services that follow one
/// another over the same model share it.
public final class GrammarCache: Sendable {
    private struct State {
        var automata: [(key: [UInt8], automaton: GrammarAutomaton)] = []
        var vocabulary: VocabularyTrie?
    }

    private static let limit = 32
    /// Most bytes of a grammar's text: parts of compiling it take time with its square.
    private static let textLimit = 256 << 10

    private let tokenizer: Tokenizer
    private let state = Mutex(State())

    /// An empty cache.
    public init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
    }

    /// The automaton of an answer's format.
    func automaton(_ format: AnswerGrammar) throws(GrammarError) -> GrammarAutomaton {
        let key = format.key
        guard key.count <= Self.textLimit else {
            throw GrammarError("", "it has more than \(Self.textLimit >> 10) KiB")
        }
        if let known = state.withLock({ Self.take(key, &$0) }) { return known }
        let made = GrammarAutomaton(try format.grammar(), vocabulary: vocabulary())
        state.withLock { state in
            state.automata.append((key, made))
            if state.automata.count > Self.limit { state.automata.removeFirst() }
        }
        return made
    }

    private static func take(_ key: [UInt8], _ state: inout State) -> GrammarAutomaton? {
        guard let place = state.automata.firstIndex(where: { $0.key == key }) else { return nil }
        var entry = state.automata.remove(at: place)
        if entry.automaton.isCrowded { entry.automaton = entry.automaton.successor }
        state.automata.append(entry)
        return entry.automaton
    }

    private func vocabulary() -> VocabularyTrie {
        if let known = state.withLock({ $0.vocabulary }) { return known }
        let added = Set(tokenizer.addedTokens.map(\.id))
        let made = VocabularyTrie(
            (0..<Int32(tokenizer.vocabularySize)).map { added.contains($0) ? [] : tokenizer.decode([$0]) })
        state.withLock { $0.vocabulary = made }
        return made
    }
}

/// What an answer must be: by a request's `response_format`, or by its task.
enum AnswerGrammar: Sendable {
    case jsonObject
    case jsonSchema([UInt8])
    case regularExpression(String)
    /// Fixed text around a JSON text of a schema; one of several such.
    case framed([(prefix: String, schema: [UInt8], suffix: String)])
    /// The call of one of these functions, in Qwen3-Coder's form.
    case markupCalls([(name: String, schema: [UInt8])])

    init?(_ format: ResponseFormat?) {
        switch format {
        case .jsonObject: self = .jsonObject
        case .jsonSchema(let schema): self = .jsonSchema(schema)
        case nil: return nil
        }
    }

    init(_ form: AnswerForm) {
        switch form {
        case .regularExpression(let expression): self = .regularExpression(expression)
        case .jsonSchema(let schema): self = .jsonSchema(schema)
        }
    }

    /// Bytes that tell it from every other.
    var key: [UInt8] {
        switch self {
        case .jsonObject: return [0]
        case .jsonSchema(let schema): return [1] + schema
        case .regularExpression(let expression): return [2] + Array(expression.utf8)
        case .framed(let all):
            var key: [UInt8] = [3]
            for one in all {
                for part in [Array(one.prefix.utf8), one.schema, Array(one.suffix.utf8)] { key += part + [0] }
            }
            return key
        case .markupCalls(let all):
            return all.reduce(into: [4]) { key, one in key += Array(one.name.utf8) + [0] + one.schema + [0] }
        }
    }

    func grammar() throws(GrammarError) -> Grammar {
        switch self {
        case .jsonObject: return .jsonObject
        case .regularExpression(let expression): return try Grammar(regularExpression: expression)
        case .jsonSchema(let schema): return try Grammar(jsonSchema: Self.root(schema))
        case .framed(let all):
            var framed: [Grammar.Framed] = []
            for one in all {
                framed.append(Grammar.Framed(prefix: one.prefix, schema: try Self.root(one.schema), suffix: one.suffix))
            }
            return try Grammar(alternatives: framed)
        case .markupCalls(let all):
            var functions: [Grammar.Function] = []
            for one in all {
                functions.append(Grammar.Function(name: one.name, schema: try Self.root(one.schema)))
            }
            return try Grammar(markupCalls: functions)
        }
    }

    /// What a text says that was checked as JSON with the request or the task that it is part of, if deeper than here.
    private static func root(_ schema: [UInt8]) throws(GrammarError) -> JSONValue {
        guard let document = try? JSONDocument(schema) else {
            throw GrammarError("", "it is nested too deep: more than 128 levels")
        }
        return document.root
    }
}
