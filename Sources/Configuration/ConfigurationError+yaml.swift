import Yams

extension ConfigurationError {
    /// What the YAML parser objects to, without the text of the file.
    init(_ error: YamlError, file: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(
                file: file, line: mark.line, problem: "it is not valid YAML: \(problem)",
                advice: "check indentation, quotes and brackets here and on the line before")
        case .duplicatedKeysInMapping(let duplicates, let context):
            self.init(
                file: file, line: context.mark.line,
                problem: "a mapping has a key twice: \(duplicates.joined(separator: ", "))", advice: "remove one")
        case .reader(let problem, _, _, _):
            self.init(
                file: file, problem: "it is not valid YAML: \(problem)",
                advice: "save the file as UTF-8 without control characters")
        default:
            self.init(file: file, problem: "it cannot be read as YAML", advice: "check it with a YAML linter")
        }
    }
}
