import Foundation

/// One stage of the removal: how much of the template and how many examples the prompt still has.
public struct Stage: Sendable, Equatable {
    /// Share of the template's tokens that is kept, 1 (all) to 0 (none).
    public let templateRate: Double
    /// Number of retrieved examples.
    public let exampleCount: Int
    /// Whether the model learns from its own answers to the query, which the full-prompt teacher judges, and not from
    /// the labels.
    public var isOnPolicy = false

    /// What follows the last stage of a recipe with `onPolicy`.
    static let onPolicy = {
        var stage = Stage(templateRate: 0, exampleCount: 0)
        stage.isOnPolicy = true
        return stage
    }()

    /// A stage with the given rate and number of examples.
    public init(templateRate: Double, exampleCount: Int) {
        self.templateRate = templateRate
        self.exampleCount = exampleCount
    }

    /// Whether the query is all that is left.
    public var isQueryOnly: Bool { templateRate == 0 && exampleCount == 0 }
}

extension Stage: Codable {
    private enum CodingKeys: String, CodingKey {
        case templateRate, exampleCount, isOnPolicy
    }

    /// Reads a stage; `isOnPolicy` stands only where it holds.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            templateRate: try values.decode(Double.self, forKey: .templateRate),
            exampleCount: try values.decode(Int.self, forKey: .exampleCount))
        isOnPolicy = try values.decodeIfPresent(Bool.self, forKey: .isOnPolicy) ?? false
    }

    /// Writes a stage.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(templateRate, forKey: .templateRate)
        try values.encode(exampleCount, forKey: .exampleCount)
        if isOnPolicy { try values.encode(true, forKey: .isOnPolicy) }
    }
}

/// How fast template and examples disappear over the stages of a run.
public enum RemovalCurve: String, Sendable, CaseIterable, Codable {
    case linear
    /// Most is removed early.
    case exponential
    /// Most is removed in the last step.
    case inverseExponential = "inverse-exponential"

    /// The share that is left at u in 0...1: 1 at the start, 0 at the end.
    ///
    /// exponential: (e^(-3u) - e^-3) / (1 - e^-3); inverse-exponential: 1 - (e^(3u) - 1) / (e^3 - 1).
    public func share(at u: Double) -> Double {
        switch self {
        case .linear: 1 - u
        case .exponential: (exp(-3 * u) - exp(-3)) / (1 - exp(-3))
        case .inverseExponential: 1 - (exp(3 * u) - 1) / (exp(3) - 1)
        }
    }

    /// The stages of a run: S(0) = 1, S(T-1) = 0, k_t = floor(K * S(t)).
    ///
    /// - Throws: `InternalizationError.setting` for fewer than two stages or a negative number of examples.
    public func stages(count: Int, examples: Int) throws(InternalizationError) -> [Stage] {
        guard count >= 2 else {
            throw .setting("stages: \(count) cannot remove anything; use at least 2, 4 as in the paper")
        }
        guard examples >= 0 else { throw .setting("examples: \(examples) is negative") }
        return (0..<count).map { number in
            let share =
                number == 0 ? 1 : number == count - 1 ? 0 : self.share(at: Double(number) / Double(count - 1))
            return Stage(templateRate: share, exampleCount: Int((Double(examples) * share + 1e-9).rounded(.down)))
        }
    }
}

extension Stage {
    /// The stages of a list, if they are a removal: at least two, from the whole template to the query alone, never
    /// growing.
    static func checked(_ list: [Stage]) throws(InternalizationError) -> [Stage] {
        guard list.count >= 2 else { throw .setting("schedule: a list needs at least two stages") }
        for (number, stage) in list.enumerated() where !(0...1).contains(stage.templateRate) || stage.exampleCount < 0 {
            throw .setting("schedule[\(number)]: template has to be from 0 to 1, and examples not negative")
        }
        guard list[0].templateRate == 1 else { throw .setting("schedule[0]: the first stage has template: 1") }
        guard list[list.count - 1].isQueryOnly else {
            throw .setting("schedule[\(list.count - 1)]: the last stage has template: 0 and examples: 0")
        }
        for (number, pair) in zip(list, list.dropFirst()).enumerated()
        where pair.0.templateRate < pair.1.templateRate || pair.0.exampleCount < pair.1.exampleCount {
            throw .setting("schedule[\(number + 1)]: a stage may not have more than the one before it")
        }
        return list
    }
}
