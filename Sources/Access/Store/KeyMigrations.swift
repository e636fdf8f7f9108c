import GRDB

/// The versions of the key store's table, oldest first; a version that was released is never edited.
enum KeyMigrations {
    /// SQLite's application id of a key store, "PIky"; its number stands in the migration as text.
    static let applicationID = 0x5049_6B79

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-keys") { db in
            try db.execute(sql: "PRAGMA application_id = 1346988921")
            try db.execute(sql: keys)
        }
        migrator.registerMigration("2-fallbacks") { db in
            try db.execute(sql: "ALTER TABLE keys ADD COLUMN fallbacks_per_minute INTEGER")
        }
        return migrator
    }

    /// One row per key, revoked ones too. Times in milliseconds, amounts in billionths, patterns one a line.
    private static let keys = """
        CREATE TABLE keys (
            id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, scheme TEXT NOT NULL, hash BLOB NOT NULL,
            previous_scheme TEXT, previous_hash BLOB, previous_until_ms INTEGER,
            created_ms INTEGER NOT NULL, rotated_ms INTEGER, expires_ms INTEGER, revoked_ms INTEGER,
            is_admin INTEGER NOT NULL, models TEXT, tasks TEXT,
            requests_per_minute INTEGER, tokens_per_minute INTEGER, daily_budget INTEGER, monthly_budget INTEGER
        ) STRICT;
        """
}
