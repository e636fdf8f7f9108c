import Foundation
public import PromptSchema

/// Hand-written templates, one folder a rate: `0.6/0.txt` holds what literal 0 is at rate 0.6.
///
/// A stage gets the template of the nearest rate that was written; at rates 1 and 0 it is always the whole template and
/// nothing. The rate that is reported is measured.
public struct FileCompressor: TemplateCompressor {
    /// "files" with a hash of all texts.
    public let name: String
    private let templates: [(rate: Double, literals: [Int: [UInt8]])]

    /// Reads the folders below `folder` whose names are rates between 0 and 1.
    ///
    /// - Throws: `InternalizationError.file` if there are none, or a literal's file is missing or empty in all of them.
    public init(folder: String, schema: Schema) throws(InternalizationError) {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        var templates: [(rate: Double, literals: [Int: [UInt8]])] = []
        var texts = ""
        for name in names {
            guard let rate = Double(name), rate > 0, rate < 1 else { continue }
            var literals: [Int: [UInt8]] = [:]
            for literal in schema.removableLiterals {
                let path = "\(folder)/\(name)/\(literal.number).txt"
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw .file(
                        path: path, reason: "is missing; it has what literal \(literal.number) is at rate \(name)")
                }
                literals[literal.number] = Array(data)
                texts += "\(rate)/\(literal.number)\u{0}" + String(decoding: data, as: UTF8.self)
            }
            templates.append((rate, literals))
        }
        guard !templates.isEmpty else {
            throw .file(path: folder, reason: "has no folder whose name is a rate, such as 0.6")
        }
        self.templates = templates
        name = "files+" + String(stableHash(texts), radix: 16)
    }

    /// The texts of the nearest rate; of two that are equally near, the larger one.
    public func compress(
        _ schema: Schema, rate: Double, countTokens: ([UInt8]) -> Int
    ) throws(InternalizationError) -> CompressedTemplate {
        if let end = schema.end(rate: rate, countTokens: countTokens) { return end }
        let nearest = templates.min { (abs($0.rate - rate), -$0.rate) < (abs($1.rate - rate), -$1.rate) }
        return schema.compressed(to: nearest?.literals ?? [:], countTokens: countTokens)
    }
}

extension Schema {
    /// The whole template at rates from 1, nothing at rates up to 0; nil between them.
    func end(rate: Double, countTokens: ([UInt8]) -> Int) -> CompressedTemplate? {
        let places = removableLiterals.map(\.number)
        if rate >= 1 {
            let texts = removableLiterals.map(\.text)
            return compressed(
                to: Dictionary(uniqueKeysWithValues: zip(places, texts)),
                cuts: Dictionary(uniqueKeysWithValues: zip(places, texts.map { [0..<$0.count] })),
                countTokens: countTokens)
        }
        guard rate <= 0 else { return nil }
        return compressed(
            to: emptiedLiterals, cuts: Dictionary(uniqueKeysWithValues: places.map { ($0, []) }),
            countTokens: countTokens)
    }

    /// The result of a compressor that writes its own text, with measured counts.
    func compressed(
        to literals: [Int: [UInt8]], cuts: [Int: [Range<Int>]]? = nil, countTokens: ([UInt8]) -> Int
    ) -> CompressedTemplate {
        CompressedTemplate(
            literals: literals, cuts: cuts, tokensBefore: removableLiterals.reduce(0) { $0 + countTokens($1.text) },
            tokensAfter: literals.values.reduce(0) { $0 + countTokens($1) })
    }
}
