/// A value that is read when somebody asks for the metrics, instead of being kept.
public struct Reading: Sendable, Hashable {
    /// What kind of number it is.
    public enum Kind: String, Sendable {
        /// A number that only grows.
        case counter
        /// A number that goes up and down.
        case gauge
    }

    /// The label values.
    public var labels: Labels?
    /// The value.
    public var value: Double

    /// A value without labels.
    public init(_ value: Double) {
        self.value = value
    }

    /// A value with labels.
    public init(_ value: Double, _ labels: Labels) {
        self.value = value
        self.labels = labels
    }

    /// A whole number, with labels or without.
    public init(_ value: Int, _ labels: Labels? = nil) {
        self.value = Double(value)
        self.labels = labels
    }
}
