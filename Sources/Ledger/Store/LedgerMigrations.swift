import GRDB

/// The versions of the ledger's tables, oldest first; a version that was released is never edited.
enum LedgerMigrations {
    /// SQLite's application id of a ledger, "PIlg": tells a ledger from any other database.
    static let applicationID = 0x5049_6C67

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-attempts-rollups-modes") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: attempts)
            try db.execute(sql: rollups)
            try db.execute(sql: modes)
        }
        migrator.registerMigration("2-keys") { db in
            try db.execute(sql: "ALTER TABLE attempts ADD COLUMN key TEXT")
            try db.execute(sql: keys)
        }
        migrator.registerMigration("3-journal") { db in
            try db.execute(sql: journal)
        }
        migrator.registerMigration("4-failures") { db in
            try db.execute(sql: "ALTER TABLE attempts ADD COLUMN failure TEXT")
        }
        return migrator
    }

    /// One row per attempt. Times in milliseconds, amounts in billionths.
    private static let attempts = """
        CREATE TABLE attempts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            request_id TEXT NOT NULL, attempt INTEGER NOT NULL, is_final INTEGER NOT NULL, time_ms INTEGER NOT NULL,
            task TEXT, schema_fingerprint TEXT, arm TEXT NOT NULL, reason TEXT NOT NULL,
            backend TEXT NOT NULL, model TEXT NOT NULL,
            full_template INTEGER NOT NULL, full_examples INTEGER NOT NULL, full_context INTEGER NOT NULL,
            full_query INTEGER NOT NULL, full_other INTEGER NOT NULL, full_source TEXT NOT NULL,
            sent_template INTEGER NOT NULL, sent_examples INTEGER NOT NULL, sent_context INTEGER NOT NULL,
            sent_query INTEGER NOT NULL, sent_other INTEGER NOT NULL, sent_source TEXT NOT NULL,
            completion_tokens INTEGER NOT NULL, completion_source TEXT NOT NULL, cached_prompt_tokens INTEGER NOT NULL,
            money_full INTEGER, money_full_cached INTEGER, money_paid INTEGER, currency TEXT, price_date TEXT,
            first_token_ms REAL, total_ms REAL NOT NULL, status INTEGER NOT NULL, outcome TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX attempts_by_request ON attempts (request_id, attempt);
        """

    /// Sums per hour. An absent task, currency or price date is the empty text, so that keys stay unique.
    private static let rollups = """
        CREATE TABLE rollups (
            hour INTEGER NOT NULL, task TEXT NOT NULL, arm TEXT NOT NULL, reason TEXT NOT NULL,
            backend TEXT NOT NULL, model TEXT NOT NULL, currency TEXT NOT NULL, price_date TEXT NOT NULL,
            \(RollupSums.columns.map { "\($0) INTEGER NOT NULL" }.joined(separator: ", ")),
            PRIMARY KEY (hour, task, arm, reason, backend, model, currency, price_date)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE latency_rollups (
            hour INTEGER NOT NULL, task TEXT NOT NULL, arm TEXT NOT NULL, measure TEXT NOT NULL,
            bucket INTEGER NOT NULL, attempts INTEGER NOT NULL,
            PRIMARY KEY (hour, task, arm, measure, bucket)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE source_rollups (
            hour INTEGER NOT NULL, task TEXT NOT NULL, count TEXT NOT NULL, source TEXT NOT NULL,
            attempts INTEGER NOT NULL, tokens INTEGER NOT NULL,
            PRIMARY KEY (hour, task, count, source)
        ) STRICT, WITHOUT ROWID;
        """

    /// Sums per day, caller key and currency; attempts without a key have none.
    private static let keys = """
        CREATE TABLE key_rollups (
            day INTEGER NOT NULL, key TEXT NOT NULL, currency TEXT NOT NULL,
            requests INTEGER NOT NULL, attempts INTEGER NOT NULL, unpriced INTEGER NOT NULL,
            prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, money_paid INTEGER NOT NULL,
            PRIMARY KEY (day, key, currency)
        ) STRICT, WITHOUT ROWID;
        """

    /// Up to where the journal is in the tables; one row.
    private static let journal = """
        CREATE TABLE journal_position (
            id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL, offset INTEGER NOT NULL
        ) STRICT;
        """

    /// Changes are only ever added. The kill switch's rows have no task.
    private static let modes = """
        CREATE TABLE mode_changes (
            id INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL, task TEXT,
            old TEXT NOT NULL, new TEXT NOT NULL, who TEXT NOT NULL
        ) STRICT;
        """
}
