import FuzzSupport
import PromptSchema

@testable import SchemaFiles

/// A schema file gives a schema or an error with the file's name; a schema recognizes what it renders, or says why not.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSchemaFile(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = unsafe FuzzInput(start, count)
    guard let text = String(validating: input.remaining(), as: UTF8.self) else { return 0 }
    let schema: Schema
    do throws(ConfigurationError) {
        // The folder has no files, so that nothing the text names can be read.
        schema = try SchemaFileReader(root: YAMLReader.parse(text, file: "/nonexistent/schema.yaml")).schema()
    } catch {
        require(error.description.contains("/nonexistent/schema.yaml"), "an error names its file")
        return 0
    }
    var parts = PromptParts(query: Array("the query".utf8))
    for name in schema.contextNames { parts.contexts[name] = Array("a context".utf8) }
    guard let messages = try? schema.render(parts) else { return 0 }
    if case .task(let prompt) = schema.recognize(messages) {
        require(strip(prompt, from: messages).query == parts.query, "the query stays byte for byte")
    }
    return 0
}
