/// How many prompt tokens fit a step in which others wait for their next token: as many as keep the step short.
///
/// A step's time over its prompt tokens, the waiting answers' own part included, is what a token cost; the target over
/// that is the next step's share. It settles where a step takes the target's time.
struct StepPace {
    /// Prompts go on by this much at least, however slow the model.
    static let least = 16

    private let target: Double
    private let most: Int
    private var cost: Double?

    init(target: Duration, most: Int) {
        self.target = target / .seconds(1)
        self.most = most
    }

    /// Prompt tokens of the next step.
    var tokens: Int {
        guard let cost else { return min(most, 2 * Self.least) }
        return min(most, max(Self.least, Int(min(target / cost, 1e6))))
    }

    /// Notes what a step with these many prompt tokens beside running answers took.
    mutating func note(_ tokens: Int, took duration: Duration) {
        guard tokens > 0 else { return }
        let now = max(duration / .seconds(1), 1e-9) / Double(tokens)
        cost = cost.map { ($0 + now) / 2 } ?? now
    }
}
