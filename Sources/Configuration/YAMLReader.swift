import Foundation
import Yams

/// One value of a YAML file, which knows its place, so that every error names file, line and key.
///
///     let root = try YAMLReader.load(path: path).mapping(keys: ["listen", "tasks"])
///     let listen = try root.required("listen").string()
///     let tasks = try root["tasks"]?.list().map { try $0.string() } ?? []
struct YAMLReader {
    /// The file, as its path was given.
    let file: String
    /// The path to the value, such as `messages[0].parts[2].template`; empty for the whole file.
    let key: String
    let node: Node
    /// Where `${NAME}` and `${NAME:-default}` in strings are looked up, or `nil` if they mean themselves.
    let environment: [String: String]?
    /// Where what is wrong is noted without giving up, and the lines of keys; `nil` if every error is thrown.
    var findings: ConfigurationFindings?

    /// No configuration file may be larger.
    static let maximumFileBytes = 4 << 20

    /// The root value of a file.
    static func load(path: String, environment: [String: String]? = nil) throws(ConfigurationError) -> YAMLReader {
        try parse(readText(path: path), file: path, environment: environment)
    }

    /// The root value of a text; `file` is the name that errors give it.
    static func parse(
        _ text: String, file: String, environment: [String: String]? = nil
    ) throws(ConfigurationError) -> YAMLReader {
        let root: Node?
        do {
            root = try compose(yaml: text)
        } catch let error as YamlError {
            throw ConfigurationError(error, file: file)
        } catch {
            throw ConfigurationError(
                file: file, problem: "it cannot be read as YAML", advice: "check it with a YAML linter")
        }
        guard let root else {
            throw ConfigurationError(file: file, problem: "the file is empty", advice: "write its settings")
        }
        return YAMLReader(file: file, key: "", node: root, environment: environment)
    }

    /// The UTF-8 text of a file.
    static func readText(path: String) throws(ConfigurationError) -> String {
        guard let text = String(validating: try readBytes(path: path), as: UTF8.self) else {
            throw ConfigurationError(file: path, problem: "it is not valid UTF-8", advice: "save the file as UTF-8")
        }
        return text
    }

    /// The bytes of a file.
    static func readBytes(
        path: String, maximum: Int = maximumFileBytes
    ) throws(ConfigurationError) -> [UInt8] {
        var isDirectory: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ConfigurationError(file: path, problem: "there is no such file", advice: "check the path")
        }
        guard !isDirectory.boolValue else {
            throw ConfigurationError(file: path, problem: "it is a folder", advice: "give the path of a file")
        }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw ConfigurationError(
                file: path, problem: "it cannot be opened", advice: "check who may read the file")
        }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: maximum + 1) ?? Data() else {
            throw ConfigurationError(file: path, problem: "it cannot be read", advice: "check the file and its disk")
        }
        guard data.count <= maximum else {
            throw ConfigurationError(
                file: path, problem: "it is larger than \(maximum) bytes", advice: "check that it is the right file")
        }
        return Array(data)
    }

    /// The line of the value, from one.
    var line: Int? { node.mark?.line }

    /// An error at this value.
    func error(_ problem: String, _ advice: String) -> ConfigurationError {
        ConfigurationError(file: file, line: line, key: key, problem: problem, advice: advice)
    }

    /// The value's kind, as errors name it.
    var kind: String {
        switch node {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar(let scalar) where isNull: scalar.string.isEmpty ? "empty" : "null"
        default: "a single value"
        }
    }

    /// Whether the value is neither a list nor a mapping.
    var isScalar: Bool { if case .scalar = node { true } else { false } }

    /// Whether nothing, or `null`, is written.
    var isNull: Bool { node.null != nil }

    /// Whether it has keys.
    var isMapping: Bool { node.mapping != nil }
}
