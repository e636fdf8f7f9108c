import ChatAPI

/// A request's target under `/v1/`, whichever of the usual base URLs its client was given.
///
/// Clients append `/chat/completions` to a base URL with or without `/v1`; Azure's put `/openai/v1` or
/// `/openai/deployments/NAME` in front, and the deployment takes the place of the model. The query stays as it came.
public struct CanonicalTarget: Sendable, Equatable {
    /// Path and query, starting with `/v1/`.
    public let target: String
    /// The deployment that an Azure-style path names, percent-decoded; nil in any other path.
    public let deployment: String?

    /// Nil for a path that is not the API's; such as the gateway's own.
    public init?(_ target: String) {
        if target.utf8.starts(with: Self.version.utf8) {
            (self.target, deployment) = (target, nil)
            return
        }
        let azure = "/openai/"
        guard target.utf8.starts(with: azure.utf8) else {
            guard Self.isResource(target[...]) else { return nil }
            (self.target, deployment) = ("/v1" + target, nil)
            return
        }
        let rest = target.dropFirst(azure.utf8.count - 1)
        if rest.utf8.starts(with: Self.version.utf8) {
            (self.target, deployment) = (String(rest), nil)
        } else if let (name, rest) = Self.deployment(in: rest) {
            (self.target, deployment) = ("/v1" + rest, name)
        } else if Self.isResource(rest) {
            (self.target, deployment) = ("/v1" + rest, nil)
        } else {
            return nil
        }
    }

    /// The body with the deployment as `model`, if it is a JSON object that names no model; else as it came.
    public func body(_ body: [UInt8]) -> [UInt8] {
        guard let deployment, let root = try? JSONDocument(body).root, root.kind == .object, root["model"] == nil else {
            return body
        }
        let hasMembers = root.members.contains { _ in true }
        let model = Array(#""model":"#.utf8) + JSONWriter.encoded(deployment) + (hasMembers ? [UInt8(ascii: ",")] : [])
        var edits = ByteEdits()
        edits.insert(model, at: root.range.lowerBound + 1)
        return edits.applied(to: body) ?? body
    }

    private static let version = "/v1/"

    /// The first parts of the API's paths.
    private static let resources: Set<Substring> = [
        "assistants", "audio", "batches", "chat", "completions", "containers", "conversations", "embeddings", "evals",
        "files", "fine_tuning", "images", "models", "moderations", "rerank", "responses", "threads", "uploads",
        "vector_stores", "videos",
    ]

    private static func isResource(_ path: Substring) -> Bool {
        guard path.first == "/" else { return false }
        return resources.contains(path.dropFirst().prefix { $0 != "/" && $0 != "?" })
    }

    private static func deployment(in path: Substring) -> (name: String, rest: Substring)? {
        let prefix = "/deployments/"
        guard path.utf8.starts(with: prefix.utf8) else { return nil }
        let written = path.dropFirst(prefix.utf8.count).prefix { $0 != "/" && $0 != "?" }
        let rest = path[written.endIndex...]
        guard let name = percentDecoded(written), !name.isEmpty, isResource(rest) else { return nil }
        return (name, rest)
    }

    /// Nil if an escape is malformed or the bytes are not UTF-8.
    private static func percentDecoded(_ text: Substring) -> String? {
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
}
