import ChatAPI
import Crypto
import Foundation
import Gateway

/// Keeps what a server caches of prompts apart by caller: vLLM finds a cached block only under the same `cache_salt`.
///
/// A caller's salt is an HMAC of its name under the server's own key, so nobody without that key can name another's.
/// Gateways with the same configuration give the same salt, and a restart does not empty the cache.
struct CacheSalt: Sendable {
    private static let name: StaticString = "cache_salt"

    private let key: SymmetricKey

    /// Salts for a server with this key.
    init(key: String?) {
        self.key = SymmetricKey(data: Array("promptintern cache_salt ".utf8) + Array((key ?? "").utf8))
    }

    /// The salt of a caller: 64 hexadecimal digits.
    func salt(of tenant: String) -> String {
        HMAC<SHA256>.authenticationCode(for: Array(tenant.utf8), using: key).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// A request's bytes with its caller's salt, where callers have keys and the bytes are JSON that names a model.
    ///
    /// - Throws: `refused`, for a request with a salt of its own, or one that a server might read and this cannot.
    func body(_ bytes: [UInt8], of request: BackendRequest) throws(BackendError) -> [UInt8] {
        guard let tenant = request.tenant, let document = try document(of: request) else { return bytes }
        if document.root[Self.name] != nil {
            throw BackendError(
                .refused, wasSent: false,
                answer: .invalidRequest("The gateway sets cache_salt itself: leave it out.", param: "\(Self.name)"))
        }
        guard document.root["model"] != nil else { return bytes }
        return bytes.adding(member: "\(Self.name)", Array("\"\(salt(of: tenant))\"".utf8))
    }

    private func document(of request: BackendRequest) throws(BackendError) -> JSONDocument? {
        if let chat = request.chat { return chat.request.document }
        let type = request.headers.first(named: "content-type")?.lowercased() ?? "json"
        guard request.method == "POST", !request.body.isEmpty, type.contains("json") else { return nil }
        do throws(JSONError) {
            return try JSONDocument(request.body)
        } catch {
            throw BackendError(
                .refused, wasSent: false, answer: .invalidRequest("The body is not valid JSON: \(error)."))
        }
    }
}

extension [UInt8] {
    /// The text of a JSON object that has members with one more at its end.
    func adding(member name: String, _ value: [UInt8]) -> [UInt8] {
        guard let end = lastIndex(of: UInt8(ascii: "}")) else { return self }
        var text = self
        text.replaceSubrange(
            end..<end, with: Array(",".utf8) + JSONWriter.encoded(name) + Array(":".utf8) + value)
        return text
    }
}
