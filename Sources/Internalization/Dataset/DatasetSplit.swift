/// Splits rows into train, dev and test by a hash of their group, so that a row's split depends on nothing but itself.
///
/// Rows of a group stay together. A row without a group is grouped by its query, up to case and white space. Rows that
/// have the same answer may fall into different splits: `DatasetStatistics` counts them.
public struct DatasetSplit: Sendable, Equatable {
    /// The rows to train on.
    public var train: [TaskRow] = []
    /// The rows to decide by.
    public var dev: [TaskRow] = []
    /// The rows to report on.
    public var test: [TaskRow] = []

    /// Splits by the shares of dev and test, from 0 to below 1 together.
    ///
    /// - Parameter salt: another salt gives another split.
    public init(_ rows: [TaskRow], dev: Double, test: Double, salt: String = "") throws(InternalizationError) {
        guard dev >= 0, test >= 0, dev + test < 1 else {
            throw .setting("split: dev \(dev) and test \(test) have to be from 0 to below 1 together")
        }
        for row in rows {
            let key = row.group ?? DatasetImport.group(of: row.query)
            let place = Double(stableHash(salt + "\u{0}" + key) >> 11) * 0x1p-53
            if place < test {
                self.test.append(row)
            } else if place < test + dev {
                self.dev.append(row)
            } else {
                train.append(row)
            }
        }
    }
}
