import Foundation

/// Paths of the tiny reference checkpoints and numbers in `Tests/EngineTests/Fixtures` (its README tells the layout).
public enum TinyModelFixture {
    /// The fixtures' folder.
    public static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("EngineTests/Fixtures").path

    /// A file or folder of the fixtures, such as "tied" or "expectations.json".
    public static func path(_ name: String) -> String {
        folder + "/" + name
    }
}

/// A folder for one test's files, removed when it goes out of scope.
public final class TinyModelFolder: Sendable {
    /// The folder's path.
    public let path: String

    /// Makes an empty folder.
    public init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("tiny-model-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file and returns its path.
    public func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// Writes a text file and returns its path.
    public func write(_ text: String, to name: String) throws -> String {
        try write(text.utf8, to: name)
    }
}
