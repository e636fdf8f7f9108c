import Foundation
import PromptSchema

/// An example bank: JSON Lines with `query` and `answer`; other keys of a row are ignored.
struct SchemaFileBank {
    let path: String
    private(set) var examples: [Example] = []
    /// The line of each example.
    private var lines: [Int] = []

    private struct Row: Decodable {
        let query: String
        let answer: String
    }

    init(path: String) throws(ConfigurationError) {
        self.path = path
        let bytes = try YAMLReader.readBytes(path: path, maximum: 256 << 20)
        let decoder = JSONDecoder()
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            do {
                let row = try decoder.decode(Row.self, from: Data(line))
                examples.append(Example(input: row.query, output: row.answer))
                lines.append(index + 1)
            } catch DecodingError.keyNotFound(let key, _) {
                throw ConfigurationError(
                    file: path, line: index + 1, key: key.stringValue, problem: "the row has no such key",
                    advice: "write {\"query\": \"…\", \"answer\": \"…\"}")
            } catch {
                throw ConfigurationError(
                    file: path, line: index + 1, problem: "the row is not a JSON object with text values",
                    advice: "write {\"query\": \"…\", \"answer\": \"…\"} on one line")
            }
        }
    }

    func error(row: Int, _ problem: String, _ advice: String) -> ConfigurationError {
        ConfigurationError(file: path, line: lines[row], problem: problem, advice: advice)
    }
}
