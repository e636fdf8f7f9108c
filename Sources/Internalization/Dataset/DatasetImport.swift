import Crypto
import Foundation
public import PromptSchema

/// A row of a data set with where it came from.
public struct ImportedRow: Sendable, Codable, Equatable {
    /// The per-request text.
    public let query: String
    /// The label.
    public let answer: String
    /// Rows with the same query, up to case and white space, are of one group, and stay together in a split.
    public let group: String
    /// The worked examples that the request showed, in its order.
    public let examples: [ImportedExample]
    /// SHA-256 of the schema's fingerprint, the query and the answer, hex: the row's identity.
    public let sha256: String
    /// File and line that it was read from.
    public let source: String
}

/// A worked example of an imported request.
public struct ImportedExample: Sendable, Codable, Hashable {
    /// The example's question.
    public let query: String
    /// The example's answer.
    public let answer: String
}

/// Decomposes recorded requests into template, examples, query and answer by a task's schema, and reports what did not
/// parse.
public struct DatasetImport: Sendable {
    /// What happened to the lines.
    public struct Report: Sendable, Codable, Equatable {
        /// Lines that held something.
        public internal(set) var lines = 0
        /// Rows that came out.
        public internal(set) var rows = 0
        /// Rows that said the same as an earlier one, word for word.
        public internal(set) var duplicates = 0
        /// Queries that came with different answers; all of them are kept, in one group.
        public internal(set) var conflicts = 0
        /// Lines without a row, by reason: those of `RecordedExchange.Problem`, and those of recognition.
        public internal(set) var refused: [String: Int] = [:]
        /// The first lines of each reason, as file:line, never their text.
        public internal(set) var places: [String: [String]] = [:]
        /// Worked examples that occurred, each once.
        public internal(set) var examples = 0
    }

    private let schema: Schema
    /// The rows so far, in the order of the lines.
    public private(set) var rows: [ImportedRow] = []
    /// What happened so far.
    public private(set) var report = Report()
    /// Worked examples that requests showed, in the order of their first use: the material of a bank.
    public private(set) var examples: [ImportedExample] = []
    private var seen: Set<String> = []
    private var answers: [String: String] = [:]
    private var known: Set<ImportedExample> = []

    private static let shownPlaces = 5

    /// An import under a schema. Examples that its bank lacks are read too: use a schema that recognizes them.
    public init(schema: Schema) {
        self.schema = schema
    }

    /// Takes in the lines of a file.
    public mutating func read(_ path: String) throws(InternalizationError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(path: path, reason: "cannot be read")
        }
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) {
            take(Data(line), place: "\(path):\(index + 1)")
        }
    }

    private mutating func take(_ line: Data, place: String) {
        report.lines += 1
        do throws(RecordedExchange.Problem) {
            let exchange = try RecordedExchange(line)
            switch schema.recognize(exchange.messages) {
            case .unknown(let reason): refuse(reason.code, place)
            case .task(let recognized):
                add(schema.parts(of: recognized, in: exchange.messages), exchange.answer, place)
            }
        } catch {
            refuse(error.rawValue, place)
        }
    }

    private mutating func refuse(_ reason: String, _ place: String) {
        report.refused[reason, default: 0] += 1
        if report.places[reason, default: []].count < Self.shownPlaces {
            report.places[reason, default: []].append(place)
        }
    }

    private mutating func add(_ parts: PromptParts, _ answer: String, _ place: String) {
        guard let query = String(validating: parts.query, as: UTF8.self) else { return refuse("not_utf8", place) }
        let shown = parts.examples.map { example -> ImportedExample in
            let known: Example =
                switch example {
                case .bank(let row): schema.bank[row]
                case .custom(let custom): custom
                }
            return ImportedExample(
                query: String(decoding: known.input, as: UTF8.self),
                answer: String(decoding: known.output, as: UTF8.self))
        }
        for example in shown where known.insert(example).inserted { examples.append(example) }
        report.examples = examples.count
        let digest = Self.identity([schema.fingerprint, query, answer])
        guard seen.insert(digest).inserted else {
            report.duplicates += 1
            return
        }
        let group = Self.group(of: query)
        if let other = answers[group], other != answer { report.conflicts += 1 }
        answers[group] = answer
        rows.append(
            ImportedRow(
                query: query, answer: answer, group: group, examples: shown, sha256: digest, source: place))
        report.rows += 1
    }

    /// Sixteen hexadecimal digits that queries share if they differ in case and white space only.
    public static func group(of query: String) -> String {
        String(identity([ExactMatch.normalized(query).lowercased()]).prefix(16))
    }

    static func identity(_ fields: [String]) -> String {
        var hash = SHA256()
        for field in fields {
            hash.update(data: Array(field.utf8))
            hash.update(data: [0])
        }
        return hexadecimal(hash.finalize())
    }
}
