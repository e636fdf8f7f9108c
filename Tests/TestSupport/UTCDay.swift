import Foundation

/// The day of UTC that a test runs in.
public enum UTCDay {
    private static let length = 86_400.0
    /// More than a test takes, and little of its time limit.
    private static let room = 15.0

    /// Returns with at least 15 seconds of the day, and so of its month, ahead: at a day's end it waits for the next
    /// one.
    ///
    /// A test begins with this if what it counts must fall on one day by the system's clock, as budgets do.
    public static func awaitRoom() async throws {
        let left = length - Date().timeIntervalSince1970.truncatingRemainder(dividingBy: length)
        if left < room { try await Task.sleep(for: .seconds(left + 0.1)) }
    }
}
