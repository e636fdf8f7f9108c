/// Why a template could not be read or carried out; names places in the template, never its inputs' text.
struct JinjaError: Error, Equatable {
    /// The template's line, counted from 1.
    var line: Int
    var reason: String
    /// Whether the template itself refused the conversation, by `raise_exception`.
    var isRefusal = false
}
