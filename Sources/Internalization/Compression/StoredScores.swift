import Foundation

/// The units' scores on two disjoint halves of the rows: the rise of the loss without each unit, in nats a label token.
struct StoredScores: Codable, Equatable {
    var first: [Double]
    var second: [Double]

    init(first: [Double], second: [Double]) {
        self.first = first
        self.second = second
    }

    /// What `save` wrote; nil if there is no such file.
    init?(path: String) {
        guard let data = FileManager.default.contents(atPath: path),
            let scores = try? JSONDecoder().decode(StoredScores.self, from: data)
        else { return nil }
        self = scores
    }

    /// Writes the file and its folder.
    func save(to path: String) throws(InternalizationError) {
        let url = URL(fileURLWithPath: path)
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try JSONEncoder().encode(self).write(to: url, options: .atomic)
        } catch {
            throw .file(path: path, reason: "cannot be written: \(error.localizedDescription)")
        }
    }
}
