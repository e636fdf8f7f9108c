/// A label and the sums of what carries it; in JSON one object with the keys of both.
public struct SavingsGroup<Label: Codable & Sendable & Equatable>: Sendable, Equatable, Codable {
    /// What the group has in common.
    public var label: Label
    /// Its sums.
    public var totals: SavingsTotals

    init(label: Label, totals: SavingsTotals) {
        self.label = label
        self.totals = totals
    }

    /// Reads both from one object.
    public init(from decoder: any Decoder) throws {
        label = try Label(from: decoder)
        totals = try SavingsTotals(from: decoder)
    }

    /// Writes both into one object.
    public func encode(to encoder: any Encoder) throws {
        try label.encode(to: encoder)
        try totals.encode(to: encoder)
    }
}

/// A task.
public struct TaskLabel: Codable, Sendable, Hashable {
    /// The task's name; `null` in JSON for requests of no task.
    public var task: String?

    init(task: String?) {
        self.task = task
    }

    /// Writes the name, or `null`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(task, forKey: .task)
    }
}

/// An arm.
public struct ArmLabel: Codable, Sendable, Hashable {
    /// The arm's name.
    public var arm: String
}

/// An arm and a reason.
public struct ReasonLabel: Codable, Sendable, Hashable {
    /// The arm's name.
    public var arm: String
    /// The reason's code.
    public var reason: String
}

/// A backend and a model.
public struct ModelLabel: Codable, Sendable, Hashable {
    /// The backend's name.
    public var backend: String
    /// The model's name.
    public var model: String
}

/// The beginning of a time bucket.
public struct TimeLabel: Codable, Sendable, Hashable {
    /// The bucket's first moment, such as `2026-11-21T09:00:00Z`.
    public var start: String
}
