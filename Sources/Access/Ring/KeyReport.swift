/// A key, and what it has used of its budgets.
public struct KeyReport: Sendable, Hashable {
    /// Billionths of the currency unit.
    public struct Amount: Sendable, Hashable {
        /// What was spent.
        public let spent: Int64
        /// What requests under way may still spend.
        public let reserved: Int64
    }

    /// The key.
    public let key: KeyRecord
    /// The current day's, nil without a budget for the day.
    public let day: Amount?
    /// The current month's, nil without a budget for the month.
    public let month: Amount?
}
