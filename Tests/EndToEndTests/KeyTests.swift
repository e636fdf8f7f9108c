import Foundation
import Testing
import TestSupport

@Suite("keys, from the command line to the last byte", .timeLimit(.minutes(1)))
struct KeyTests {
    /// Everything that the gateway wrote: each file of the folder, and both streams.
    private func everything(_ folder: TinyModelFolder, _ gateway: RunningGateway) throws -> [(String, Data)] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return names.map { ($0, FileManager.default.contents(atPath: folder.path + "/" + $0) ?? Data()) }
            + [("output", Data(gateway.output.utf8)), ("errors", Data(gateway.errors.utf8))]
    }

    @Test("a canary key stands in no file, log, metric or error body, and a revocation holds within a second")
    func canary() async throws {
        let upstream = try chatServer("hi")
        let folder = try TinyModelFolder()
        let store = folder.path + "/keys.sqlite"
        let pepper = ["PROMPTINTERN_KEY_PEPPER": "canary-pepper"]
        func keys(_ arguments: [String]) throws -> Program.Result {
            try Program.run(["keys"] + arguments + ["--keys", store], environment: pepper)
        }
        let gateway = try await RunningGateway(
            ["--upstream", upstream.baseURL + "/v1", "--ledger", folder.path + "/ledger.sqlite"], environment: pepper)
        let chat = #"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#
        #expect(try await gateway.chat(chat).status == 200)
        let made = try keys(["create", "team-a", "--requests-per-minute", "3", "--expires", "1d"])
        #expect(made.status == 0)
        let first = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(first.hasPrefix("sk-pi-") && !made.errors.contains(first))
        func isRefused(_ key: String?) async throws -> Bool {
            let headers = key.map { ["Authorization: Bearer \($0)"] } ?? []
            return try await gateway.send("GET", "/v1/savings", headers: headers).status == 401
        }
        #expect(try await until { try await isRefused(nil) })
        var replies: [RawResponse] = []
        for header in [
            "Authorization: Bearer \(first)", "api-key: \(first)", "x-api-key: \(first)", "api-key: \(first)",
        ] {
            replies.append(try await gateway.chat(chat, headers: [header]))
        }
        #expect(replies.map(\.status) == [200, 200, 200, 429])
        let second = try keys(["rotate", "team-a", "--grace", "0"]).output.trimmingCharacters(
            in: .whitespacesAndNewlines)
        #expect(try await until { try await isRefused(first) })
        replies.append(try await gateway.chat(chat, headers: ["Authorization: Bearer \(first)"]))
        replies.append(try await gateway.chat(chat, headers: ["Authorization: Bearer \(second)"]))
        #expect(replies.suffix(2).map(\.status) == [401, 429])
        #expect(try keys(["revoke", "team-a"]).status == 0)
        let stopwatch = Stopwatch()
        #expect(try await until { try await isRefused(second) })
        #expect(stopwatch.stop() < .seconds(2))
        for path in ["/metrics", "/admin/keys", "/admin/tasks", "/v1/savings"] {
            replies.append(try await gateway.send("GET", path, admin: true))
        }
        #expect(
            try #require(replies.dropLast(3).last).text.contains(#"pi_access_refused_total{reason="request_rate"} 2"#))
        let listed = try keys(["list"])
        let shown = try keys(["show", "team-a"])
        #expect(shown.output.contains("revoked"))
        let files = try everything(folder, gateway)
        #expect(files.contains { $0.0 == "keys.sqlite" } && files.contains { $0.0 == "ledger.sqlite" })
        for secret in [first, second].flatMap({ [$0, String($0.suffix(44))] }) + ["canary-pepper"] {
            for (name, data) in files { #expect(data.range(of: Data(secret.utf8)) == nil, "\(name)") }
            for text in replies.map(\.text) + [listed.output, shown.output, listed.errors, shown.errors] {
                #expect(!text.contains(secret))
            }
            #expect(upstream.requests.allSatisfy { !$0.headText.contains(secret) })
        }
        #expect(await eventually { gateway.errors.contains("reason=request_rate") })
        #expect(gateway.stop() == 0)
        for (name, data) in try everything(folder, gateway) {
            #expect(data.range(of: Data(first.suffix(44).utf8)) == nil, "\(name)")
        }
    }

    @Test("the key store alone lets a gateway listen beyond loopback, and only while a key in it is live")
    func exposure() throws {
        let folder = try TinyModelFolder()
        let store = folder.path + "/keys.sqlite"
        let check = ["check", "--upstream", "http://127.0.0.1:1/v1", "--listen", "0.0.0.0:8080", "--keys", store]
        #expect(try Program.run(check).status == 2)
        #expect(!FileManager.default.fileExists(atPath: store))
        #expect(try Program.run(["keys", "create", "a", "--keys", store]).status == 0)
        #expect(try Program.run(check).status == 0)
        #expect(try Program.run(["keys", "revoke", "a", "--keys", store]).status == 0)
        let refused = try Program.run(check)
        #expect(refused.status == 2 && refused.errors.contains("promptintern keys create"))
    }

    /// Asks again and again, for ten seconds at most.
    private func until(_ holds: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<500 {
            if try await holds() { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }
}
