import Foundation
import GRDB
import Testing
import TestSupport

@testable import Access

@Suite("The key store")
struct KeyStoreTests {
    @Test("a token is sk-pi-ID-SECRET with a secret of 261 bits, and no two are alike")
    func tokens() throws {
        let ids = (0..<100).map { _ in KeyID.random() }
        let tokens = ids.map { KeyToken.random(for: $0) }
        #expect(Set(tokens.map(\.text)).count == 100)
        for (id, token) in zip(ids, tokens) {
            #expect(token.text.hasPrefix("sk-pi-\(id)-"))
            #expect(token.text.utf8.count == 6 + 12 + 1 + 44)
            #expect(KeyToken.id(in: Array(token.text.utf8)) == id)
            #expect("\(token)" == "[secret]")
            #expect(KeyID(id.description) == id)
        }
        for wrong in ["", "sk-pi-", "sk-pi-abcdefghijkl", "sk-pi-abcdefghijk1-" + String(repeating: "A", count: 44)] {
            #expect(KeyToken.id(in: Array(wrong.utf8)) == nil)
        }
    }

    @Test("keys are created, listed, shown, rotated and revoked, and what they may do comes back as it was")
    func lifecycle() throws {
        let folder = try KeyFolder()
        let store = try KeyStore(path: folder.file)
        let policy = KeyPolicy(
            name: "team-a", isAdmin: true, models: [try #require(Glob("gpt-*"))],
            tasks: [try #require(Glob("house-*"))],
            expiry: Date(timeIntervalSince1970: 4_000_000_000),
            limits: KeyLimits(
                requestsPerMinute: 5, tokensPerMinute: 1000, fallbacksPerMinute: 7, dailyBudget: 1_500_000_000,
                monthlyBudget: 9_000_000_000))
        let issued = try store.create(policy)
        #expect(try store.key("team-a") == issued.record)
        #expect(try store.key(issued.record.id.description).policy == policy)
        #expect(throws: AccessError.self) { try store.create(policy) }
        let second = try store.create(KeyPolicy(name: "b"))
        #expect(try store.keys().map(\.policy.name) == ["b", "team-a"])
        let rotated = try store.rotate("team-a", grace: 60)
        #expect(rotated.record.id == issued.record.id)
        #expect(rotated.token.text != issued.token.text)
        #expect(try store.revoke("b").state(at: Date()) == .revoked)
        #expect(try store.revoke("b").revoked == store.key("b").revoked)
        #expect(throws: AccessError.self) { try store.rotate("b") }
        #expect(throws: AccessError.self) { try store.create(KeyPolicy(name: "b")) }
        #expect(throws: AccessError.self) { try store.key("c") }
        #expect(second.record.id != issued.record.id)
    }

    @Test("the file is its owner's alone, holds no token, and is told from other files")
    func file() throws {
        let folder = try KeyFolder()
        for pepper in [nil, "pepper"] {
            let path = "\(folder.path)/\(pepper ?? "plain").sqlite"
            let store = try KeyStore(path: path, hasher: KeyHasher(pepper: pepper))
            let token = try store.create(KeyPolicy(name: "a")).token.text
            let other = try store.rotate("a", grace: 60).token.text
            store.close()
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            for secret in [token, other].flatMap({ [$0, String($0.suffix(44))] }) {
                #expect(bytes.range(of: Data(secret.utf8)) == nil)
            }
        }
        let other = folder.path + "/other.sqlite"
        try DatabaseQueue(path: other).write { db in try db.execute(sql: "CREATE TABLE t (a)") }
        #expect(throws: AccessError.self) { try KeyStore(path: other) }
        try Data("not a database, but long enough to be looked at".utf8).write(
            to: URL(fileURLWithPath: folder.path + "/text"))
        #expect(throws: AccessError.self) { try KeyStore(path: folder.path + "/text") }
    }

    @Test("a file whose making broke off before it had a table becomes a key store")
    func brokenOff() throws {
        let folder = try KeyFolder()
        let begun = try DatabaseQueue(path: folder.file)
        try begun.write { db in
            try db.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        }
        try begun.close()
        #expect(try KeyStore(path: folder.file).create(KeyPolicy(name: "a")).record.policy.name == "a")
    }

    @Test(
        "names are of a-z, 0-9, '.', '_' and '-', and nothing else gets into the table",
        arguments: [
            "", "A", "-a", "_a", "a b", "a/b", "../a", "a'; DROP TABLE keys; --", "é", "a\u{0}", "a\n", "key_0123",
            String(repeating: "a", count: 65),
        ])
    func names(_ name: String) throws {
        let folder = try KeyFolder()
        let store = try KeyStore(path: folder.file)
        #expect(throws: AccessError.self) { try store.create(KeyPolicy(name: name)) }
        #expect(throws: AccessError.self) { try store.key(name) }
        #expect(try store.keys().isEmpty)
        _ = try store.create(KeyPolicy(name: "a.b_c-1" + String(repeating: "z", count: 57)))
    }

    @Test("limits, patterns and expiries that make no sense are refused")
    func invalid() throws {
        let folder = try KeyFolder()
        let store = try KeyStore(path: folder.file)
        let wrong = [
            KeyPolicy(name: "a", models: []), KeyPolicy(name: "a", expiry: Date(timeIntervalSinceNow: -1)),
            KeyPolicy(name: "a", limits: KeyLimits(requestsPerMinute: 0)),
            KeyPolicy(name: "a", limits: KeyLimits(tokensPerMinute: -1)),
            KeyPolicy(name: "a", limits: KeyLimits(monthlyBudget: 0)),
        ]
        for policy in wrong { #expect(throws: AccessError.self) { try store.create(policy) } }
        #expect(throws: AccessError.self) { try store.rotate("a", grace: -1) }
    }

    @Test(
        "a pattern's star stands for any text, and everything else for itself",
        arguments: [
            ("*", "", true), ("*", "gpt", true), ("gpt-*", "gpt-4o", true), ("gpt-*", "gpt", false),
            ("*-mini", "gpt-4o-mini", true), ("*-mini", "gpt-4o-mini-x", false), ("g*4*i", "gpt-4o-mini", true),
            ("gpt-4o", "gpt-4o", true), ("gpt-4o", "GPT-4o", false), ("a*b*c", "abcbc", true), ("a*b*c", "acb", false),
            ("gpt.4", "gpt-4", false), ("**", "x", true), ("a", "", false),
        ])
    func globs(_ pattern: String, _ name: String, _ fits: Bool) throws {
        #expect(try #require(Glob(pattern)).matches(name) == fits)
    }

    @Test("patterns are visible ASCII, and matching one takes no exponential time")
    func globLimits() throws {
        for wrong in ["", "a b", "é", "a\n", String(repeating: "a", count: 201)] { #expect(Glob(wrong) == nil) }
        let pattern = try #require(Glob(String(repeating: "a*", count: 100)))
        #expect(
            !pattern.matches(
                String(repeating: "a", count: 20_000) + "b" + String(repeating: "a", count: 10) + "c\u{e9}")
                || pattern.matches(String(repeating: "a", count: 200)))
    }
}
