import ChatAPI
import Grammar
import PromptSchema

extension SchemaFileReader {
    /// How answers come about, checked: the grammar is made here once, so that a start or a check tells what is wrong.
    func answer(_ value: YAMLReader) throws(ConfigurationError) -> AnswerRule {
        let mapping = try value.mapping(keys: ["regex", "json_schema", "beams"])
        let beams = try mapping["beams"]?.int(in: AnswerRule.beamRange)
        let isBare = mapping["regex"] == nil && mapping["json_schema"] == nil
        return AnswerRule(form: beams != nil && isBare ? nil : try form(mapping), beams: beams ?? 1)
    }

    private func form(_ mapping: YAMLMapping) throws(ConfigurationError) -> AnswerForm {
        let entry = try mapping.single(of: ["regex", "json_schema"])
        guard entry.name == "regex" else { return .jsonSchema(try jsonSchema(entry.value)) }
        let expression = try entry.value.nonEmptyString()
        do throws(GrammarError) {
            _ = try Grammar(regularExpression: expression)
        } catch {
            throw entry.value.error(
                error.description, "write a regular expression of literals, classes, groups, '|' and counts")
        }
        return .regularExpression(expression)
    }

    private func jsonSchema(_ value: YAMLReader) throws(ConfigurationError) -> [UInt8] {
        let path = try path(value)
        let bytes = try YAMLReader.readBytes(path: path)
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(bytes)
        } catch {
            throw ConfigurationError(
                file: path, line: error.line, problem: error.reason.rawValue, advice: "write one JSON Schema")
        }
        do throws(GrammarError) {
            _ = try Grammar(jsonSchema: document.root)
        } catch {
            throw ConfigurationError(
                file: path, key: error.place.isEmpty ? nil : error.place, problem: error.reason,
                advice: "use the keywords that docs/engine.md lists")
        }
        return bytes
    }
}
