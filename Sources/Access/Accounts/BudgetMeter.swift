/// What was spent in the current day or month, and what requests under way may still spend. Pure.
struct BudgetMeter: Sendable {
    let period: UTCPeriod
    let cap: Int64
    private var index: Int64
    private(set) var spent: Int64
    private(set) var reserved: Int64 = 0

    /// A meter that begins with what was spent before in the period of `utc`.
    init(_ period: UTCPeriod, cap: Int64, utc: Int64, spent: Int64 = 0) {
        self.period = period
        self.cap = cap
        self.spent = spent
        index = period.index(utc)
    }

    /// Begins the next period if its time has come; never goes back to an earlier one.
    mutating func advance(to utc: Int64) {
        let now = period.index(utc)
        guard now > index else { return }
        index = now
        spent = 0
    }

    /// Whether the cap covers this much more.
    func covers(_ cost: Int64) -> Bool {
        let (used, overflowed) = spent.addingReportingOverflow(reserved)
        return !overflowed && cost <= cap - used
    }

    mutating func reserve(_ cost: Int64) { reserved += cost }

    /// Turns a reserve into what it came to.
    mutating func settle(reserve: Int64, cost: Int64) {
        reserved -= reserve
        spent += cost
    }

    /// Seconds until the next period.
    func secondsLeft(_ utc: Int64) -> Int {
        Int(max(1, period.start(index + 1) - utc))
    }
}
