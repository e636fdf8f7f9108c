import Access
import ChatAPI
import Ledger

/// The body of `POST /admin/keys`, member by member; what is not known is refused.
struct KeyRequest {
    private static let members: Set<String> = [
        "name", "admin", "models", "tasks", "expires", "requests_per_minute", "tokens_per_minute",
        "fallbacks_per_minute", "budget_per_day", "budget_per_month",
    ]
    private let document: JSONDocument

    init(_ body: [UInt8]) throws(APIError) {
        guard let document = try? JSONDocument(body), document.root.kind == .object else {
            throw .invalidRequest("Send an object such as {\"name\": \"team-a\", \"requests_per_minute\": 60}.")
        }
        self.document = document
        for member in document.root.members {
            guard let name = member.key.text, Self.members.contains(name) else {
                throw .invalidRequest("A key has these members: \(Self.members.sorted().joined(separator: ", ")).")
            }
        }
    }

    func policy() throws(APIError) -> KeyPolicy {
        let root = document.root
        guard let name = root["name"]?.string?.text else { throw Self.wrong("name", "a name, such as \"team-a\"") }
        var policy = KeyPolicy(name: name)
        if let value = given(root["admin"]) {
            guard let flag = value.bool else { throw Self.wrong("admin", "true or false") }
            policy.isAdmin = flag
        }
        policy.models = try globs(root["models"], "models")
        policy.tasks = try globs(root["tasks"], "tasks")
        if let value = given(root["expires"]) {
            guard let expiry = value.string?.text.flatMap({ KeyTime.expiry($0) }) else {
                throw Self.wrong("expires", KeyTime.expiryForms)
            }
            policy.expiry = expiry
        }
        policy.limits.requestsPerMinute = try number(root["requests_per_minute"], "requests_per_minute")
        policy.limits.tokensPerMinute = try number(root["tokens_per_minute"], "tokens_per_minute")
        policy.limits.fallbacksPerMinute = try number(root["fallbacks_per_minute"], "fallbacks_per_minute")
        policy.limits.dailyBudget = try money(root["budget_per_day"], "budget_per_day")
        policy.limits.monthlyBudget = try money(root["budget_per_month"], "budget_per_month")
        return policy
    }

    private func given(_ value: JSONValue?) -> JSONValue? { value.flatMap { $0.kind == .null ? nil : $0 } }

    private func globs(_ value: JSONValue?, _ name: String) throws(APIError) -> [Glob]? {
        guard let value = given(value) else { return nil }
        let wrong = Self.wrong(name, "a list of names, with * for any text")
        guard value.kind == .array else { throw wrong }
        var globs: [Glob] = []
        for element in value.elements {
            guard let glob = element.string?.text.flatMap({ Glob($0) }) else { throw wrong }
            globs.append(glob)
        }
        return globs
    }

    private func number(_ value: JSONValue?, _ name: String) throws(APIError) -> Int? {
        guard let value = given(value) else { return nil }
        guard let number = value.int else { throw Self.wrong(name, "a whole number") }
        return number
    }

    /// A decimal number, as a number or as text, read without floating point.
    private func money(_ value: JSONValue?, _ name: String) throws(APIError) -> Int64? {
        guard let value = given(value) else { return nil }
        let text = value.string?.text ?? String(decoding: document.bytes[value.range], as: UTF8.self)
        guard let amount = NanoAmount.parse(text) else { throw Self.wrong(name, "an amount such as 12.50") }
        return amount
    }

    private static func wrong(_ name: String, _ form: String) -> APIError {
        .invalidRequest("\(name) must be \(form).", param: name)
    }
}
