public import Foundation
import GRDB

/// The keys in a small SQLite file of their own, shared by the gateway and the commands that change it.
///
/// It holds hashes only. Every statement is a constant with bound values. Nothing is ever deleted: a revoked key keeps
/// its name, which the ledger's rows carry.
public final class KeyStore: Sendable {
    /// The file.
    public let path: String
    private let hasher: KeyHasher
    private let queue: DatabaseQueue

    /// Opens the file, making it, readable by its owner alone, if there is none.
    ///
    /// Throws `cannotOpen` or `notAKeyStore`, each saying what to do.
    public init(path: String, hasher: KeyHasher = KeyHasher()) throws(AccessError) {
        self.path = path
        self.hasher = hasher
        queue = try KeyFile.open(path)
    }

    /// Closes the file.
    public func close() { try? queue.close() }

    /// Every key, revoked ones too, by name.
    public func keys() throws(AccessError) -> [KeyRecord] {
        try run { db in try Row.fetchAll(db, sql: "SELECT * FROM keys ORDER BY name").map(KeyRow.record) }
    }

    /// The key with this name or id; throws `unknownKey`.
    public func key(_ nameOrID: String) throws(AccessError) -> KeyRecord {
        try run { db in try Self.find(nameOrID, db) }
    }

    /// Makes a key; throws `invalid` or `nameTaken`.
    public func create(_ policy: KeyPolicy, now: Date = Date()) throws(AccessError) -> IssuedKey {
        try policy.validate(now: now)
        let id = KeyID.random()
        let token = KeyToken.random(for: id)
        let record = KeyRecord(
            id: id, policy: policy, created: now, rotated: nil, revoked: nil, previousUntil: nil,
            current: try stored(token), previous: nil)
        let made = try run { db in
            let taken = try Row.fetchOne(db, sql: "SELECT name FROM keys WHERE name = ?", arguments: [policy.name])
            if taken != nil {
                throw AccessError(
                    .nameTaken,
                    "there is, or was, a key named \(policy.name): choose another name, or rotate that key if it is live"
                )
            }
            try db.execute(sql: KeyRow.insertion, arguments: KeyRow.arguments(record))
            return try Self.find(id.description, db)
        }
        return IssuedKey(record: made, token: token)
    }

    /// Ends a key for good, its previous secret too; ending it twice changes nothing.
    public func revoke(_ nameOrID: String, now: Date = Date()) throws(AccessError) -> KeyRecord {
        try run { db in
            let key = try Self.find(nameOrID, db)
            try db.execute(
                sql: "UPDATE keys SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL",
                arguments: [KeyRow.milliseconds(now), key.id.description])
            return try Self.find(key.id.description, db)
        }
    }

    /// Gives a key a new secret; the one before is accepted for `grace` seconds more. Throws `revoked`.
    ///
    /// Id, name, limits and what was used of them stay. A secret that still had grace from an earlier rotation ends
    /// now.
    public func rotate(
        _ nameOrID: String, grace: Double = 0, now: Date = Date()
    ) throws(AccessError) -> IssuedKey {
        guard (0...Self.longestGrace).contains(grace) else {
            throw AccessError(.invalid, "the grace period must be from 0 to 90 days")
        }
        let id = try key(nameOrID).id
        let token = KeyToken.random(for: id)
        let new = try stored(token)
        let record = try run { db in
            let key = try Self.find(id.description, db)
            guard key.revoked == nil else {
                throw AccessError(.revoked, "the key \(key.policy.name) was revoked: create another one")
            }
            // Without grace the statement below keeps nothing of the secret before.
            let until = grace > 0 ? KeyRow.milliseconds(now + grace) : nil
            try db.execute(
                sql: """
                    UPDATE keys SET previous_scheme = CASE WHEN :until IS NULL THEN NULL ELSE scheme END,
                        previous_hash = CASE WHEN :until IS NULL THEN NULL ELSE hash END, previous_until_ms = :until,
                        scheme = :scheme, hash = :hash, rotated_ms = :now WHERE id = :id
                    """,
                arguments: [
                    "until": until, "scheme": new.scheme.rawValue, "hash": Data(new.hash.bytes),
                    "now": KeyRow.milliseconds(now), "id": id.description,
                ])
            return try Self.find(id.description, db)
        }
        return IssuedKey(record: record, token: token)
    }

    private static let longestGrace = 90.0 * 86400

    /// A number that changes whenever another connection has committed; cheap.
    func version() throws(AccessError) -> Int64 {
        try run { db in try Int64.fetchOne(db, sql: "PRAGMA data_version") ?? 0 }
    }

    private func stored(_ token: KeyToken) throws(AccessError) -> KeyRecord.Stored {
        guard let hash = hasher.hash(Array(token.text.utf8), hasher.scheme) else {
            throw AccessError(.store, "the key cannot be hashed")
        }
        return KeyRecord.Stored(scheme: hasher.scheme, hash: hash)
    }

    private static func find(_ nameOrID: String, _ db: Database) throws -> KeyRecord {
        // A key that has the text as its id comes before one that has it as its name.
        let row = try Row.fetchOne(
            db, sql: "SELECT * FROM keys WHERE id = ? OR name = ? ORDER BY id = ? DESC LIMIT 1",
            arguments: [nameOrID, nameOrID, nameOrID])
        guard let row else {
            throw AccessError.unknownKey
        }
        return try KeyRow.record(row)
    }

    /// Runs in one transaction. Blocks, for a small file: not for the path of a request.
    private func run<Value>(_ body: (Database) throws -> Value) throws(AccessError) -> Value {
        do {
            return try queue.inDatabase { db in
                var value: Value?
                try db.inTransaction(.deferred) {
                    value = try body(db)
                    return .commit
                }
                guard let value else { throw AccessError(.store, "the key store gave nothing") }
                return value
            }
        } catch {
            throw AccessError(error, path: path)
        }
    }
}
