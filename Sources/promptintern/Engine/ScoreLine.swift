import Foundation

/// One line of the input of `engine score`.
struct ScoreLine {
    enum Input {
        case text(String)
        case ids([Int32])
    }

    /// File and line number.
    let place: String
    let input: Input

    private struct Members: Decodable {
        var text: String?
        var ids: [Int32]?
    }

    /// Reads every line that is not empty.
    static func read(file: String) throws -> [ScoreLine] {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Failure("\(file): it cannot be read")
        }
        var lines: [ScoreLine] = []
        for (number, bytes) in data.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            guard bytes.contains(where: { ![9, 13, 32].contains($0) }) else { continue }
            let place = "\(file):\(number + 1)"
            guard let members = try? JSONDecoder().decode(Members.self, from: bytes) else {
                throw Failure("\(place): {\"text\": \"...\"} or {\"ids\": [...]} is expected")
            }
            switch (members.text, members.ids) {
            case (let text?, nil): lines.append(ScoreLine(place: place, input: .text(text)))
            case (nil, let ids?): lines.append(ScoreLine(place: place, input: .ids(ids)))
            default: throw Failure("\(place): either \"text\" or \"ids\" is expected")
            }
        }
        return lines
    }
}
