import ChatAPI

/// A call of a tool as Qwen3-Coder writes it, read with the JSON schema of the tool's arguments.
///
/// The form has no types: an argument is a string where the schema says so or says nothing, and JSON where it says
/// something else and the text is JSON.
struct MarkupCall {
    let name: String
    let arguments: String

    private static let close = Array("</parameter>".utf8)

    /// Reads `<function=NAME>`, arguments and `</function>`; nil if the text is not that, or names no known tool.
    init?(_ text: [UInt8], schemas: [String: [UInt8]]) {
        var rest = Self.withoutSpace(text[...])
        guard let name = Self.takeTag("<function=", &rest), let schema = schemas[name] else { return nil }
        let properties = (try? JSONDocument(schema).root)?["properties"]
        var members: [String] = []
        while true {
            rest = Self.withoutSpace(rest)
            guard let key = Self.takeTag("<parameter=", &rest) else { break }
            guard let value = Self.takeValue(&rest) else { return nil }
            let types = Self.types(properties?.members.first { $0.key.text == key }?.value)
            members.append(Self.encoded(key) + ": " + Self.json(value, types))
        }
        guard rest.elementsEqual("</function>".utf8) else { return nil }
        self.name = name
        arguments = "{" + members.joined(separator: ", ") + "}"
    }

    private static func takeTag(_ opening: String, _ rest: inout ArraySlice<UInt8>) -> String? {
        guard rest.starts(with: opening.utf8), let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
        let name = rest[(rest.startIndex + opening.utf8.count)..<end]
        rest = rest[(end + 1)...]
        return String(validating: name, as: UTF8.self)
    }

    /// The text up to the closing tag, without the line breaks beside the tags.
    private static func takeValue(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let newline = UInt8(ascii: "\n")
        var text = rest
        if text.first == newline { text = text.dropFirst() }
        if text.starts(with: close) {
            let after = withoutSpace(text.dropFirst(close.count))
            if after.isEmpty || after.starts(with: "<parameter=".utf8) || after.starts(with: "</function>".utf8) {
                rest = text.dropFirst(close.count)
                return text[..<text.startIndex]
            }
        }
        guard let place = text.firstRange(of: [newline] + close) ?? text.firstRange(of: close) else { return nil }
        rest = text[place.upperBound...]
        return text[..<place.lowerBound]
    }

    /// The types that a property may have; none if its schema does not say.
    private static func types(_ schema: JSONValue?) -> Set<String> {
        guard let schema, schema.kind == .object else { return [] }
        var found: Set<String> = schema["nullable"]?.bool == true ? ["null"] : []
        if let type = schema["type"] {
            found.formUnion(type.string?.text.map { [$0] } ?? type.elements.compactMap { $0.string?.text })
        }
        for list in [schema["anyOf"], schema["oneOf"]] {
            for branch in list?.elements.map({ $0 }) ?? [] { found.formUnion(types(branch)) }
        }
        if found.isEmpty, let values = schema["enum"]?.elements, values.contains(where: { $0.kind != .string }) {
            found = ["string", "number"]
        }
        // What a reference leads to is an object more often than not, and text that is no JSON is a string anyway.
        return found.isEmpty && schema["$ref"] != nil ? ["object"] : found
    }

    private static func json(_ text: ArraySlice<UInt8>, _ types: Set<String>) -> String {
        let plain = String(decoding: text, as: UTF8.self)
        if types.isEmpty || types == ["string"] { return encoded(plain) }
        let trimmed = Array(withoutSpace(text))
        switch String(decoding: trimmed, as: UTF8.self) {
        case "True" where types.contains("boolean"): return "true"
        case "False" where types.contains("boolean"): return "false"
        case "None" where types.contains("null"): return "null"
        default: break
        }
        // Text of any kind of value is a document.
        guard let value = try? JSONDocument(trimmed).root, types.contains(where: { isOne(value, $0) })
        else { return encoded(plain) }
        return String(decoding: trimmed, as: UTF8.self)
    }

    private static func isOne(_ value: JSONValue, _ type: String) -> Bool {
        switch type {
        case "object": value.kind == .object
        case "array": value.kind == .array
        case "integer", "number": value.kind == .number
        case "boolean": value.kind == .boolean
        case "null": value.isNull
        default: false
        }
    }

    private static func encoded(_ text: String) -> String { String(decoding: JSONWriter.encoded(text), as: UTF8.self) }

    private static func withoutSpace(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        ToolCallParser.trimmed(text.drop(while: ToolCallParser.isSpace))
    }
}
