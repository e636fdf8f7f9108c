/// A model's call of a tool.
public struct ToolCall: Hashable, Sendable {
    /// The call's own name, which the client's answer to it repeats.
    public let id: String
    /// The function.
    public let name: String
    /// Its arguments: the text of a JSON object.
    public let arguments: String

    /// A call.
    public init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }

    /// Writes the call's object; a stream's has its number too.
    func write(index: Int?, to json: inout JSONWriter) {
        json.object { json in
            if let index { json.member("index", index) }
            json.member("id", id)
            json.member("type", "function")
            json.object("function") { json in
                json.member("name", name)
                json.member("arguments", arguments)
            }
        }
    }
}
