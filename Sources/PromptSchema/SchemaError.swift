/// Why a schema cannot be built, or parts cannot be rendered with it.
///
/// `message` counts the schema's message patterns and `part` the parts of one pattern, both from zero. Descriptions
/// count from one and never quote template or prompt text.
public enum SchemaError: Error, Sendable, Hashable {
    case invalidTaskName(String)
    case invalidVersion(String)
    case noQuery
    case secondQuery(message: Int, part: Int)
    case queryOutsideUser(message: Int)
    case emptyMessage(message: Int)
    case emptyLiteral(message: Int, part: Int)
    case invalidUTF8(message: Int, part: Int)
    case adjacentVariables(message: Int, part: Int)
    case noLiteral
    case duplicateContext(String)
    case severalExampleParts
    case emptyMarker(String)
    case invalidMarker(String)
    case invalidExample(row: Int)
    case duplicateExample(first: Int, second: Int)
    case markerInExample(row: Int)
    case invalidTurnsPosition(Int)
    case invalidLimit(String)
    case invalidAllowance(String)

    case emptyQuery
    case missingContext(String)
    case unknownContext(String)
    case noExamplePart
    case noSuchExample(Int)
    case tooManyExamples(maximum: Int)
    case customExample
    case exampleContainsMarker
    case noSuchLiteral(Int)
    case keptLiteral(Int)
}

extension SchemaError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .invalidTaskName, .invalidVersion, .noQuery, .secondQuery, .queryOutsideUser, .emptyMessage,
            .emptyLiteral, .invalidUTF8, .adjacentVariables, .noLiteral, .duplicateContext:
            structureDescription
        case .severalExampleParts, .emptyMarker, .invalidMarker, .invalidExample, .duplicateExample, .markerInExample,
            .invalidTurnsPosition,
            .invalidLimit, .invalidAllowance:
            exampleDescription
        default:
            renderingDescription
        }
    }

    private func place(_ message: Int, _ part: Int) -> String { "message \(message + 1), part \(part + 1)" }

    private var structureDescription: String {
        switch self {
        case .invalidTaskName:
            "the task name must be 1 to 64 of a-z, 0-9, '.', '_' and '-', and begin with a letter or digit; rename it"
        case .invalidVersion:
            "the version must be 1 to 64 of a-z, A-Z, 0-9, '.', '_', '+' and '-'; rename it"
        case .noQuery:
            "no message has a query part; add one where the request's own text stands"
        case .secondQuery(let message, let part):
            "\(place(message, part)) is a second query; make it a context, or remove it"
        case .queryOutsideUser(let message):
            "the query stands in message \(message + 1), which is not a user message; move it to one"
        case .emptyMessage(let message):
            "message \(message + 1) has no parts; give it some, or remove it"
        case .emptyLiteral(let message, let part):
            "\(place(message, part)) is an empty template; write its text, or remove it"
        case .invalidUTF8(let message, let part):
            "\(place(message, part)) is not valid UTF-8; save the text as UTF-8"
        case .adjacentVariables(let message, let part):
            "\(place(message, part)) follows another variable part directly; put template text between them"
        case .noLiteral:
            "no message has template text, so every request would match; add a template"
        case .duplicateContext(let name):
            "two contexts are named '\(name)'; rename one"
        default: ""
        }
    }

    private var exampleDescription: String {
        switch self {
        case .severalExampleParts:
            "the schema has more than one place for examples; keep one examples part or the example turns"
        case .emptyMarker(let name):
            "the examples' \(name) is empty, so blocks could not be told apart; write one"
        case .invalidMarker(let name):
            "the examples' \(name) is not valid UTF-8; save the text as UTF-8"
        case .invalidExample(let row):
            "example \(row + 1) of the bank is not valid UTF-8; save it as UTF-8"
        case .duplicateExample(let first, let second):
            "examples \(first + 1) and \(second + 1) of the bank have the same text in a prompt; remove one"
        case .markerInExample(let row):
            "example \(row + 1) of the bank contains one of the block's markers; choose other markers, or the policy full_prompt"
        case .invalidTurnsPosition(let position):
            "example turns after message \(position) are outside the message list; choose a place within it"
        case .invalidLimit(let name):
            "the limit '\(name)' must be positive; raise it, or leave it out for no limit"
        case .invalidAllowance:
            "a name in the allow list is empty or has blanks; use the request's own field names"
        default: ""
        }
    }

    private var renderingDescription: String {
        switch self {
        case .emptyQuery: "the query is empty; a prompt needs one"
        case .missingContext(let name): "no text was given for the context '\(name)'; give one (it may be empty)"
        case .unknownContext(let name): "the schema has no context '\(name)'; use the names of the schema"
        case .noExamplePart: "the schema has no place for examples; render without examples"
        case .noSuchExample(let index): "the bank has no example with index \(index); use an index below its count"
        case .tooManyExamples(let maximum): "the schema allows \(maximum) examples; give fewer"
        case .customExample:
            "the example is not in the bank and the schema's policy is full_prompt; use a bank row, or change the policy"
        case .exampleContainsMarker:
            "the example's text contains one of the block's markers and would be read as several; change it"
        case .noSuchLiteral(let index): "the schema has no literal \(index); use the numbers of its literals"
        case .keptLiteral(let index): "literal \(index) is marked keep and cannot be replaced; leave it as it is"
        default: ""
        }
    }
}
