/// How often a request is tried, and how long is waited in between.
public struct RetrySchedule: Sendable, Equatable {
    /// Tries in all.
    public var attempts: Int
    /// The first wait; each further one is twice as long.
    public var first: Duration
    /// The longest wait, also where the provider asks for a longer one.
    public var longest: Duration

    /// Eight tries over about a minute and a half.
    public init(attempts: Int = 8, first: Duration = .milliseconds(500), longest: Duration = .seconds(60)) {
        self.attempts = attempts
        self.first = first
        self.longest = longest
    }

    /// The wait after a try, counted from 0: what the provider asked for, else between half and all of the doubled
    /// wait.
    func wait(after attempt: Int, asked: Duration?) -> Duration {
        if let asked { return min(max(asked, .zero), longest) }
        let full = min(first * (1 << min(attempt, 20)), longest)
        return full * Double.random(in: 0.5...1)
    }
}
