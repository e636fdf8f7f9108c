/// A path such as `/admin/tasks/{task}/mode`, or a prefix such as `/v1/*`; `{+id}` at the end takes slashes too.
///
/// Literal parts are compared byte by byte, undecoded, so that no spelling slips past a route.
struct PathPattern: Sendable {
    private enum Part: Sendable {
        case literal(Substring)
        case parameter(String)
    }

    private let parts: [Part]
    private let isPrefix: Bool
    private let takesRest: Bool

    init(_ text: String) {
        isPrefix = text.hasSuffix("/*")
        takesRest = text.contains("{+")
        parts = (isPrefix ? text.dropLast(2) : text[...]).split(separator: "/", omittingEmptySubsequences: false).map {
            guard $0.hasPrefix("{"), $0.hasSuffix("}") else { return .literal($0) }
            return .parameter(String($0.drop { $0 == "{" || $0 == "+" }.dropLast()))
        }
    }

    /// The values of the parameters, percent-decoded, if the path fits; a parameter is never empty.
    func match(_ path: Substring) -> [String: String]? {
        let given = path.split(
            separator: "/", maxSplits: takesRest ? parts.count - 1 : .max, omittingEmptySubsequences: false)
        guard isPrefix ? given.count > parts.count : given.count == parts.count else { return nil }
        var values: [String: String] = [:]
        for (part, text) in zip(parts, given) {
            switch part {
            case .literal(let literal): if literal != text { return nil }
            case .parameter(let name):
                guard let value = Self.decoded(text), !value.isEmpty else { return nil }
                values[name] = value
            }
        }
        return values
    }

    /// The text with its `%XX` replaced; nil if one is malformed or the result is not UTF-8.
    static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let first = Character(Unicode.Scalar(high)).hexDigitValue,
                let second = Character(Unicode.Scalar(low)).hexDigitValue
            else { return nil }
            bytes.append(UInt8(first << 4 | second))
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The parameters of a target's query; a plus sign stands for itself.
    static func query(of target: String) -> [(name: String, value: String)]? {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        var parameters: [(name: String, value: String)] = []
        for pair in target[target.index(after: mark)...].split(separator: "&") {
            let written = pair.prefix { $0 != "=" }
            guard let name = decoded(written), let value = decoded(pair.dropFirst(written.count + 1)) else {
                return nil
            }
            parameters.append((name, value))
        }
        return parameters
    }
}
