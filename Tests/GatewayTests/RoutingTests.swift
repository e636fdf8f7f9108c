import Experimentation
import Ledger
import TestSupport
import Testing

@testable import Gateway

@Suite("Where requests go")
struct RoutingTests {
    @Test(
        "patterns take any text for a star and one character for a question mark",
        arguments: [
            ("gpt-4o", "gpt-4o", true), ("gpt-4o", "gpt-*", true), ("gpt-4o", "*4o", true), ("gpt-4o", "g?t-4?", true),
            ("gpt-4o", "*", true), ("", "*", true), ("gpt-4o", "", false), ("gpt-4o", "gpt-4", false),
            ("gpt-4o", "pt-4o", false), ("aXbXc", "a*X*c", true), ("aXbXc", "a*Y*c", false), ("aaab", "*a?b", true),
            ("gpt.4", "gpt?4", true), ("a*b", "a*b", true), ("ab", "a?b", false),
        ])
    func patterns(name: String, pattern: String, matches: Bool) {
        #expect(RoutingRule.matches(name, pattern) == matches)
    }

    @Test("a pattern of many stars takes no longer than it may")
    func manyStars() {
        let name = String(repeating: "a", count: 20_000)
        let pattern = String(repeating: "*a", count: 30) + "b"
        let time = ContinuousClock().measure { #expect(!RoutingRule.matches(name, pattern)) }
        #expect(time < .seconds(5))
    }

    private static func gateway() async throws -> (GatewayFixture, ScriptedBackend) {
        let fixture = try await GatewayFixture(
            mode: .off,
            configure: { configuration in
                configuration.routes = [
                    .init(name: "fast", backend: "tuned", model: "small-1"), .init(name: "gpt-x", backend: "full"),
                ]
                configuration.rules = [
                    RoutingRule(model: "embed-*", backend: "tuned", target: "e-1"),
                    RoutingRule(model: "auto", maxPromptTokens: 20, backend: "tuned", target: "small-1"),
                    RoutingRule(task: "formulas", maxPromptTokens: 10, backend: "full", target: "never"),
                    RoutingRule(task: "formulas", backend: "tuned", target: "task-1"),
                ]
            })
        return (fixture, fixture.tuned)
    }

    @Test("short prompts go to the small model, longer ones where their model's name leads")
    func length() async throws {
        let (fixture, small) = try await Self.gateway()
        let short = GatewayFixture.body(template: "x", query: "y", model: "auto")
        let long = GatewayFixture.body(template: "x", query: String(repeating: "word ", count: 40), model: "auto")
        _ = try await fixture.chat(short, id: "short").text()
        _ = try await fixture.chat(long, id: "long").text()
        #expect(small.requests.map(\.model) == ["small-1"])
        #expect(fixture.full.requests.map(\.body) == [long])
        let sent = String(decoding: try #require(small.requests.first).body, as: UTF8.self)
        #expect(sent == String(decoding: short, as: UTF8.self).replacing(#""auto""#, with: #""small-1""#))
        #expect(try await fixture.rows("short").map(\.backend) == ["tuned"])
        #expect(try await fixture.rows("long").map(\.model) == ["auto"])
    }

    @Test("a task's full prompts follow the rules for it, and no others")
    func task() async throws {
        let (fixture, other) = try await Self.gateway()
        _ = try await fixture.chat(GatewayFixture.body(model: "auto")).text()
        #expect(other.requests.map(\.model) == ["task-1"] && fixture.full.requests.isEmpty)
        #expect(try await fixture.rows().map(\.arm) == [.fullPrompt])
    }

    @Test(
        "aliases and rules hold on every path whose body names a model; only the name is replaced",
        arguments: ["/v1/embeddings", "/v1/completions", "/v1/responses", "/v1/moderations"])
    func otherPaths(path: String) async throws {
        let (fixture, other) = try await Self.gateway()
        let bodies = [
            #"{ "input":[1, 2.0],"model" : "fast","x":{"model":"fast"}}"#, #"{"model":"embed-3","input":"a"}"#,
            #"{"model":"unknown","input":"a"}"#, #"{"input":"a"}"#, "not json",
        ]
        for (number, body) in bodies.enumerated() {
            let reply = await fixture.service.forward(
                Received(
                    id: "r\(number)", target: path, headers: [("content-type", "application/json")],
                    body: Array(body.utf8)))
            _ = try await reply.text()
        }
        #expect(
            other.requests.map { String(decoding: $0.body, as: UTF8.self) } == [
                #"{ "input":[1, 2.0],"model" : "small-1","x":{"model":"fast"}}"#, #"{"model":"e-1","input":"a"}"#,
            ])
        #expect(fixture.full.requests.map { String(decoding: $0.body, as: UTF8.self) } == Array(bodies[2...]))
        #expect(try await fixture.rows("r0").map(\.model) == ["small-1"])
    }

    @Test("a rule for a backend or a task that is not there stops the start")
    func unknown() async throws {
        for rule in [RoutingRule(model: "*", backend: "none"), RoutingRule(task: "none", backend: "full")] {
            await #expect(throws: GatewayError.self) {
                _ = try await GatewayFixture(configure: { $0.rules = [rule] })
            }
        }
    }
}
