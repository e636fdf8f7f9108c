import Access
import Foundation
import Testing

@testable import Configuration

@Suite("keys in the configuration")
struct KeySettingTests {
    private func parse(_ text: String) throws -> GatewaySettings {
        try GatewaySettings.parse(
            "upstreams: {a: {base_url: \"http://a/v1\"}}\n" + text, file: "g.yaml", environment: ["K": "sk-1"])
    }

    @Test("a key may have a name, scopes and limits; one without may do everything")
    func policies() throws {
        let settings = try parse(
            """
            client_keys:
              - env: K
              - env: K
                name: team-a
                admin: true
                models: ["gpt-*", o3]
                tasks: [house-books]
                expires: 2027-01-31
                requests_per_minute: 60
                fallbacks_per_minute: 6
                tokens_per_minute: 100000
                budget_per_day: 1.5
                budget_per_month: "20"
            keys: {file: k.sqlite, reserve_tokens: 77}
            """)
        #expect(settings.clientKeys[0].policy == nil)
        let policy = try #require(settings.clientKeys[1].policy)
        #expect(policy.name == "team-a" && policy.isAdmin)
        #expect(policy.models?.map(\.description) == ["gpt-*", "o3"] && policy.tasks?.count == 1)
        #expect(policy.expiry?.timeIntervalSince1970 == 1_801_353_600)
        #expect(
            policy.limits
                == KeyLimits(
                    requestsPerMinute: 60, tokensPerMinute: 100_000, fallbacksPerMinute: 6, dailyBudget: 1_500_000_000,
                    monthlyBudget: 20_000_000_000))
        #expect(settings.keysFile == "k.sqlite" && settings.keys.reserveTokens == 77)
        for part in ["    name: team-a\n", "    budget_per_day: 1.50\n", "    requests_per_minute: 60\n"] {
            #expect(settings.text.contains(part))
        }
        #expect(!settings.text.contains("sk-1"))
    }

    @Test("the key store lies beside the ledger unless it is named")
    func place() throws {
        #expect(try parse("ledger: {file: data/l.sqlite}").keysFile == "data/keys.sqlite")
        #expect(try parse("").keysFile == "var/keys.sqlite")
        #expect(GatewaySettings().keysFile == "var/keys.sqlite")
    }

    @Test(
        "what makes no sense is told with its place",
        arguments: [
            ("  - {env: K, requests_per_minute: 5}", "client_keys[0]: 'name' is missing"),
            ("  - {env: K, name: Team}", "client_keys[0].name: it is not a name that a key can have"),
            ("  - {env: K, name: a, expires: 90d}", "client_keys[0].expires: it is not a time"),
            ("  - {env: K, name: a, models: []}", "client_keys[0].models: it is empty"),
            ("  - {env: K, name: a, models: [\"a b\"]}", "client_keys[0].models[0]: it is not a pattern"),
            (
                "  - {env: K, name: a, budget_per_day: -1}",
                "client_keys[0].budget_per_day: it is not an amount of money"
            ),
            ("  - {env: K, name: a, request_per_minute: 5}", "did you mean 'requests_per_minute'?"),
        ])
    func wrong(_ line: String, _ message: String) {
        let error = #expect(throws: ConfigurationError.self) { try parse("client_keys:\n" + line) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}
