import ChatAPI
import Gateway
public import Transport

/// How an upstream wants paths and credentials.
public enum UpstreamDialect: Sendable {
    /// The OpenAI API: the client's path below the base URL, the key as bearer token.
    case openAI
    /// Azure OpenAI: the model's deployment in the path, `api-version` in the query, the key in `api-key`.
    case azure(AzureDeployments)
    /// An API behind AWS signatures, such as Amazon Bedrock's OpenAI-compatible one: the path as for OpenAI.
    case aws(AWSSignature)
}

/// Azure OpenAI's names for models.
public struct AzureDeployments: Sendable, Hashable {
    /// The API's version, such as `2024-10-21`; nil for base URLs that end in `/openai/v1`, which need none.
    public var version: String?
    /// The deployment of each model; empty if deployments are named like their models.
    public var names: [String: String]

    /// Names deployments.
    public init(version: String?, names: [String: String] = [:]) {
        self.version = version
        self.names = names
    }

    /// The path of a request below the resource's own address; throws `refused` if the model has no deployment.
    func path(of target: String, model: String) throws(BackendError) -> String {
        guard let version else { return target }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let operation = parts[0].hasPrefix("/v1/") ? parts[0].dropFirst(4) : parts[0].dropFirst()
        var path = "/openai/"
        if Self.ofDeployments.contains(String(operation)), !model.isEmpty {
            path += "deployments/\(try deployment(of: model))/"
        }
        path += operation
        let query = parts.count > 1 ? parts[1] : ""
        let kept = query.split(separator: "&").filter { !$0.hasPrefix("api-version=") }
        return path + "?" + (kept + ["api-version=\(version)"]).joined(separator: "&")
    }

    private func deployment(of model: String) throws(BackendError) -> String {
        guard let name = names.isEmpty ? model : names[model], name != ".", name != ".." else {
            throw BackendError(.refused, wasSent: false, answer: .modelNotFound(model))
        }
        return Self.encoded(name)
    }

    /// Percent-encoded but for what RFC 3986 leaves unreserved, so that a name stays one segment of the path.
    private static func encoded(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in name.utf8 {
            let isPlain =
                byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
                || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
                || "-._~".utf8.contains(byte)
            text += isPlain ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let ofDeployments: Set<String> = [
        "chat/completions", "completions", "embeddings", "audio/transcriptions", "audio/translations", "audio/speech",
        "images/generations", "images/edits",
    ]
}
