import Foundation
import Testing
import TestSupport

@testable import Access

@Suite("The key ring", .timeLimit(.minutes(1)))
struct KeyRingTests {
    @Test("without keys nobody is asked, and no file is made")
    func none() throws {
        let folder = try KeyFolder()
        let ring = try KeyRing(path: folder.file)
        try ring.start()
        #expect(!ring.isRequired)
        #expect(ring.caller("anything") == nil)
        #expect(!FileManager.default.fileExists(atPath: folder.file))
    }

    @Test("what makes no sense and what is not there make no store")
    func noStore() async throws {
        let folder = try KeyFolder()
        let ring = try KeyRing(path: folder.file)
        await #expect(throws: AccessError.self) { try await ring.create(KeyPolicy(name: "../a")) }
        await #expect(throws: AccessError.unknownKey) { try await ring.revoke("a") }
        await #expect(throws: AccessError.unknownKey) { try await ring.rotate("a", grace: 1) }
        #expect(!FileManager.default.fileExists(atPath: folder.file) && !ring.isRequired)
    }

    @Test("only the whole token of a live key is accepted", arguments: [nil, "pepper"])
    func tokens(_ pepper: String?) async throws {
        let folder = try KeyFolder()
        let ring = try KeyRing(path: folder.file, hasher: KeyHasher(pepper: pepper))
        let issued = try await ring.create(KeyPolicy(name: "a"))
        let other = try await ring.create(KeyPolicy(name: "b"))
        #expect(ring.isRequired)
        #expect(ring.caller(issued.token)?.name == "a")
        #expect(ring.caller(other.token)?.name == "b")
        let text = issued.token.text
        let swapped = String(text.prefix(19)) + other.token.text.suffix(44)
        let wrong = [
            "", text + "x", String(text.dropLast()), text.uppercased(), " " + text, swapped, String(text.suffix(44)),
            "sk-pi-' OR 1=1 --", "sk-pi-abcdefghijkl-" + String(repeating: "\u{e9}", count: 22),
            String(repeating: "a", count: 100_000),
        ]
        for token in wrong { #expect(ring.caller(token) == nil) }
    }

    @Test("a store read without its pepper accepts none of its keys, and says so")
    func pepperMissing() throws {
        let folder = try KeyFolder()
        let token = try KeyStore(path: folder.file, hasher: KeyHasher(pepper: "p")).create(KeyPolicy(name: "a")).token
        let events = Events()
        let ring = try KeyRing(path: folder.file, onEvent: { events.add($0) })
        #expect(ring.isRequired)
        #expect(ring.caller(token) == nil)
        #expect(events.all == [.pepperMissing(keys: ["a"])])
        // And a key made before there was a pepper is still accepted with one.
        let second = try KeyStore(path: folder.path + "/b.sqlite").create(KeyPolicy(name: "b")).token
        #expect(try KeyRing(path: folder.path + "/b.sqlite", hasher: KeyHasher(pepper: "p")).caller(second) != nil)
    }

    @Test("what another connection creates, rotates and revokes holds within a second")
    func following() async throws {
        let folder = try KeyFolder()
        let ring = try KeyRing(path: folder.file, interval: .milliseconds(50))
        try ring.start()
        let store = try KeyStore(path: folder.file)
        let first = try store.create(KeyPolicy(name: "a")).token
        #expect(try await soon { ring.caller(first) != nil })
        let second = try store.rotate("a", grace: 60).token
        #expect(try await soon { ring.caller(second) != nil })
        #expect(ring.caller(first) != nil)
        let third = try store.rotate("a").token
        #expect(try await soon { ring.caller(third) != nil })
        #expect(ring.caller(first) == nil && ring.caller(second) == nil)
        _ = try store.revoke("a")
        let stopwatch = Stopwatch()
        #expect(try await soon { ring.caller(third) == nil })
        #expect(stopwatch.stop() < .seconds(1))
        #expect(ring.isRequired && ring.liveCount == 0)
    }

    @Test("an expiry and the end of a grace period come by themselves")
    func expiry() async throws {
        let folder = try KeyFolder()
        let ring = try KeyRing(path: folder.file, interval: .milliseconds(50))
        try ring.start()
        let expiry = Date(timeIntervalSinceNow: 1.2)
        let token = try await ring.create(KeyPolicy(name: "a", expiry: expiry)).token
        // Asked first, the time afterwards: on a slow disk it may be over already.
        #expect(ring.caller(token) != nil || Date() >= expiry)
        let old = try await ring.create(KeyPolicy(name: "b")).token
        let graceEnd = Date(timeIntervalSinceNow: 1)
        let new = try await ring.rotate("b", grace: 1).token
        #expect(ring.caller(old) != nil || Date() >= graceEnd)
        #expect(try await soon { ring.caller(token) == nil && ring.caller(old) == nil })
        #expect(ring.caller(new) != nil)
    }

    @Test("a store that is replaced is read anew, and one that goes away leaves the keys as they were")
    func replaced() async throws {
        let folder = try KeyFolder()
        let events = Events()
        let first = try KeyStore(path: folder.file).create(KeyPolicy(name: "a")).token
        let ring = try KeyRing(path: folder.file, interval: .milliseconds(20), onEvent: { events.add($0) })
        try ring.start()
        try FileManager.default.removeItem(atPath: folder.file)
        #expect(try await soon { !events.all.isEmpty })
        #expect(ring.caller(first) != nil && ring.isRequired)
        let second = try KeyStore(path: folder.file).create(KeyPolicy(name: "b")).token
        #expect(try await soon { ring.caller(second) != nil })
        #expect(ring.caller(first) == nil)
    }

    @Test("the configuration's keys are accepted beside the store's, and can be replaced")
    func fixed() async throws {
        let folder = try KeyFolder()
        let policy = KeyPolicy(name: "c", limits: KeyLimits(requestsPerMinute: 1))
        let ring = try KeyRing(
            path: folder.file, fixed: [StaticKey(key: "plain"), StaticKey(key: "sk-c", policy: policy)])
        #expect(ring.isRequired && ring.liveCount == 2)
        #expect(ring.caller("plain")?.name == "key_" + KeyHash(sha256: Array("plain".utf8)).fingerprint)
        #expect(ring.caller("plain2") == nil)
        let token = try await ring.create(KeyPolicy(name: "a")).token
        #expect(ring.caller(token)?.name == "a" && ring.caller("plain") != nil)
        _ = try ring.caller("sk-c")?.reserve(tokens: 1, cost: nil)
        await ring.replace(fixed: [StaticKey(key: "sk-c", policy: policy)])
        #expect(ring.caller("plain") == nil)
        #expect(throws: AccessRefusal.self) { try ring.caller("sk-c")?.reserve(tokens: 1, cost: nil) }
    }

    @Test("a revoked key leaves the ring at once when the ring itself is told, and its limits stay with a rotated one")
    func ownChanges() async throws {
        let folder = try KeyFolder()
        let ring = try KeyRing(path: folder.file)
        let policy = KeyPolicy(name: "a", limits: KeyLimits(requestsPerMinute: 1))
        let first = try await ring.create(policy).token
        _ = try #require(try ring.caller(first)?.reserve(tokens: 0, cost: nil))
        let second = try await ring.rotate("a", grace: 0).token
        #expect(ring.caller(first) == nil)
        #expect(throws: AccessRefusal.self) { try ring.caller(second)?.reserve(tokens: 0, cost: nil) }
        _ = try await ring.revoke("a")
        #expect(ring.caller(second) == nil)
    }

    @Test("a key may ask for the models and tasks it has, and for nothing else")
    func scopes() async throws {
        let folder = try KeyFolder()
        let ring = try KeyRing(path: folder.file)
        let policy = KeyPolicy(name: "a", models: [try #require(Glob("gpt-*"))], tasks: [try #require(Glob("house-*"))])
        let caller = try #require(ring.caller(try await ring.create(policy).token))
        try caller.check(model: "gpt-4o", task: "house-books")
        for (model, task) in [("gpt-4o", nil), ("gpt-4o", "other"), ("o3", "house-books"), ("", "house-books")] {
            #expect(throws: AccessRefusal.self) { try caller.check(model: model, task: task) }
        }
        let free = try #require(ring.caller(try await ring.create(KeyPolicy(name: "b")).token))
        try free.check(model: "", task: nil)
        #expect(try free.reserve(tokens: 1, cost: nil) == nil)
    }
}
