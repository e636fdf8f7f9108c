import Access
import Foundation
import Ledger

extension GatewaySettingsReader {
    private static let forms = ["sha256", "env", "file"]
    private static let policies = [
        "name", "admin", "models", "tasks", "expires", "requests_per_minute", "tokens_per_minute",
        "fallbacks_per_minute", "budget_per_day", "budget_per_month",
    ]

    /// The key store, and what is assumed of its keys' requests.
    func keys(_ value: YAMLReader) throws(ConfigurationError) -> KeysSetting {
        let mapping = try value.mapping(keys: ["file", "reserve_tokens"])
        var keys = KeysSetting()
        part(mapping["file"]) { value throws(ConfigurationError) in keys.file = try path(value) }
        part(mapping["reserve_tokens"]) { value throws(ConfigurationError) in
            keys.reserveTokens = try value.int(in: 0...1_000_000)
        }
        return keys
    }

    /// One accepted client key, or the several of a variable with commas between them.
    func clientKey(_ value: YAMLReader) throws(ConfigurationError) -> [ClientKeySetting] {
        let mapping = try value.mapping(keys: Self.forms + Self.policies)
        let policy = try policy(mapping)
        return try forms(mapping).map { ClientKeySetting(form: $0, policy: policy) }
    }

    private func forms(_ mapping: YAMLMapping) throws(ConfigurationError) -> [ClientKeySetting.Form] {
        let entry = try mapping.single(of: Self.forms)
        switch entry.name {
        case "sha256":
            let hash = try entry.value.string().lowercased()
            guard KeyHash.isHexadecimal(hash) else {
                throw entry.value.error(
                    "it is not a SHA-256 in hexadecimal",
                    "write the output of: printf %s \"$KEY\" | sha256sum")
            }
            return [.sha256(hash)]
        case "env":
            return try variable(entry.value).value.split(separator: ",").map { .key(Secret(String($0))) }
        default: return [.key(try content(entry.value))]
        }
    }

    /// Name, scopes and limits, nil if none of them is given; limits need a name to be accounted under.
    private func policy(_ mapping: YAMLMapping) throws(ConfigurationError) -> KeyPolicy? {
        guard Self.policies.contains(where: { mapping[$0] != nil }) else { return nil }
        let named = try mapping.required("name", "a key with scopes or limits needs a name, such as 'name: team-a'")
        let name = try named.nonEmptyString()
        guard KeyPolicy.isName(name), !name.hasPrefix("key_") else {
            throw named.error(
                "it is not a name that a key can have",
                "write 1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or a digit, and not with 'key_'")
        }
        var policy = KeyPolicy(name: name)
        policy.isAdmin = try mapping["admin"]?.bool() ?? false
        policy.models = try globs(mapping["models"])
        policy.tasks = try globs(mapping["tasks"])
        if let value = mapping["expires"] {
            let text = try value.nonEmptyString()
            // A span would begin anew with each start.
            guard KeyTime.seconds(text) == nil, let expiry = KeyTime.expiry(text) else {
                throw value.error(
                    "it is not a time", "write a day such as 2027-01-31 or a time such as 2027-01-31T12:00:00Z")
            }
            policy.expiry = expiry
        }
        policy.limits.requestsPerMinute = try mapping["requests_per_minute"]?.int(in: 1...1_000_000_000)
        policy.limits.tokensPerMinute = try mapping["tokens_per_minute"]?.int(in: 1...1_000_000_000)
        policy.limits.fallbacksPerMinute = try mapping["fallbacks_per_minute"]?.int(in: 1...1_000_000_000)
        policy.limits.dailyBudget = try money(mapping["budget_per_day"])
        policy.limits.monthlyBudget = try money(mapping["budget_per_month"])
        return policy
    }

    private func globs(_ value: YAMLReader?) throws(ConfigurationError) -> [Glob]? {
        guard let value else { return nil }
        var globs: [Glob] = []
        for item in try value.list() {
            guard let glob = Glob(try item.nonEmptyString()) else {
                throw item.error("it is not a pattern", "write a name, with * for any text, such as gpt-4o*")
            }
            globs.append(glob)
        }
        guard !globs.isEmpty else { throw value.error("it is empty", "name some, or remove the line") }
        return globs
    }

    private func money(_ value: YAMLReader?) throws(ConfigurationError) -> Int64? {
        guard let value else { return nil }
        guard let amount = NanoAmount.parse(try value.string()), amount > 0 else {
            throw value.error("it is not an amount of money", "write a decimal number such as 12.50")
        }
        return amount
    }
}
