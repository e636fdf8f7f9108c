/// A piece of a template's source.
struct JinjaToken: Sendable {
    enum Form: Equatable, Sendable {
        case text(TextValue)
        case outputBegin, outputEnd, blockBegin, blockEnd
        case name(String)
        case integer(Int)
        case number(Double)
        case string(TextValue)
        case sign(String)
        case end
    }

    var form: Form
    var line: Int

    /// What an error calls the token.
    var description: String {
        switch form {
        case .text: "text"
        case .outputBegin: "'{{'"
        case .outputEnd: "'}}'"
        case .blockBegin: "'{%'"
        case .blockEnd: "'%}'"
        case .name(let name): "'\(name)'"
        case .integer, .number: "a number"
        case .string: "a string"
        case .sign(let sign): "'\(sign)'"
        case .end: "the end of the template"
        }
    }
}
