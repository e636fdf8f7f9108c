import Foundation
import Tokenization

/// The stored values that `Tools/tokenizer_reference.py` computed with the Python package.
enum Fixtures {
    static let names = ["gpt2", "gpt2-digit-pairs", "llama3", "qwen2"]

    struct Identifiers: Decodable {
        var withAddedTokens: [[Int32]]
        /// Nil where recognising added tokens makes no difference.
        var plain: [[Int32]?]
    }

    struct Chat: Decodable {
        struct Message: Decodable {
            var role: String
            var content: String
        }
        var template: String
        var messages: [Message]
        var prompt: Bool
        var ids: [Int32]
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    static func path(_ file: String) -> String { folder.appending(path: file).path }

    static func bytes(_ file: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: file)))
    }

    static func value<Value: Decodable>(_ file: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(bytes(file)))
    }

    static func tokenizer(_ name: String) throws -> Tokenizer {
        try Tokenizer(contentsOf: path(name + ".tokenizer.json"))
    }

    static func strings() throws -> [[UInt8]] {
        try value("strings.json", as: [String].self).map { Array($0.utf8) }
    }
}
