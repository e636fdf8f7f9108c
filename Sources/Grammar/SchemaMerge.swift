import ChatAPI

/// What several schemas say together, as one schema: keywords of JSON Schema hold independently of each other, but for
/// the few that speak of what others leave over.
struct SchemaMerge {
    private var values: [(name: String, text: [UInt8])] = []
    private var types: [String]?
    private var required: [[UInt8]] = []
    private var properties: [(name: String, schemas: [[UInt8]])] = []
    private var hasProperties = false
    private var isClosed = false
    private var isFirst = true
    private var hasPatterns = false
    private var isClosedToPatterns = false
    private var arrayNames: [String]?
    private let place: String

    /// A merge at a place of a schema.
    init(at place: String) {
        self.place = place
    }

    /// Adds what a schema says; references must have been followed, as far as they stand beside other keywords.
    mutating func add(_ keywords: SchemaKeywords) throws(GrammarError) {
        // The first is around the others: only its 'unevaluated…' sees what they say.
        if !isFirst, let name = ["unevaluatedItems", "unevaluatedProperties"].first(where: { keywords[$0] != nil }) {
            throw GrammarError(place, "'\(name)' of an inner one of schemas that hold together is not supported")
        }
        isFirst = false
        let closes = keywords["additionalProperties"].map { $0.bool != true } ?? false
        hasPatterns = hasPatterns || keywords["patternProperties"] != nil
        isClosedToPatterns = isClosedToPatterns || closes && keywords["patternProperties"] == nil
        guard !hasPatterns || !isClosedToPatterns else {
            throw GrammarError(
                place, "'additionalProperties' beside other schemas' 'patternProperties' is not supported")
        }
        let names = keywords["properties"]?.members.map { $0.key.text ?? "" } ?? []
        let known = properties.map(\.name)
        if isClosed && !Set(names).isSubset(of: known) || closes && !Set(known).isSubset(of: names) {
            throw GrammarError(
                place, "'additionalProperties' beside schemas with other 'properties' is not supported")
        }
        let arrays = ["items", "prefixItems", "additionalItems"].filter { keywords[$0] != nil }
        if !arrays.isEmpty {
            guard arrayNames ?? arrays == arrays else {
                throw GrammarError(place, "'items' beside other schemas' 'prefixItems' is not supported")
            }
            arrayNames = arrays
        }
        hasProperties = hasProperties || keywords["properties"] != nil
        for (name, value) in keywords.all {
            switch name {
            case "nullable": break
            case "type": try add(types: try keywords.types() ?? [])
            case "required": required += value.elements.map { Array($0.rawBytes) }
            case "properties":
                for (key, schema) in value.members { add(property: key.text ?? "", Array(schema.rawBytes)) }
            default: try add(name, Array(value.rawBytes))
            }
        }
        isClosed = isClosed || closes
    }

    private mutating func add(types new: [String]) throws(GrammarError) {
        guard let old = types else {
            types = new
            return
        }
        let both = new.compactMap { type -> String? in
            if old.contains(type) { return type }
            if type == "integer", old.contains("number") { return type }
            return type == "number" && old.contains("integer") ? "integer" : nil
        }
        guard !both.isEmpty else { throw GrammarError(place + "/type", "no type is one of all the schemas'") }
        types = both
    }

    private mutating func add(property name: String, _ schema: [UInt8]) {
        guard let index = properties.firstIndex(where: { $0.name == name }) else {
            properties.append((name, [schema]))
            return
        }
        if !properties[index].schemas.contains(schema) { properties[index].schemas.append(schema) }
    }

    private mutating func add(_ name: String, _ text: [UInt8]) throws(GrammarError) {
        guard let old = values.first(where: { $0.name == name }) else {
            values.append((name, text))
            return
        }
        guard old.text == text else {
            throw GrammarError(place, "the keyword \"\(name)\" of several schemas that hold together is not supported")
        }
    }

    /// The schema.
    func schema() throws(GrammarError) -> JSONValue {
        var members: [[UInt8]] = values.map { Self.member($0.name, $0.text) }
        if let types {
            members.append(Self.member("type", Self.list(types.map { JSONWriter.encoded($0) })))
        }
        if !required.isEmpty { members.append(Self.member("required", Self.list(required))) }
        if hasProperties {
            let all = properties.map { name, schemas in
                Self.member(
                    name,
                    schemas.count == 1
                        ? schemas[0] : Self.object([Self.member("allOf", Self.list(schemas))]))
            }
            members.append(Self.member("properties", Self.object(all)))
        }
        guard let document = try? JSONDocument(Self.object(members)) else {
            throw GrammarError(place, "the schemas together are too large or nested too deep")
        }
        return document.root
    }

    private static func member(_ name: String, _ text: [UInt8]) -> [UInt8] {
        JSONWriter.encoded(name) + [UInt8(ascii: ":")] + text
    }

    private static func object(_ members: [[UInt8]]) -> [UInt8] {
        [UInt8(ascii: "{")] + members.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]
    }

    private static func list(_ values: [[UInt8]]) -> [UInt8] {
        [UInt8(ascii: "[")] + values.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
    }
}
