import Testing

@testable import Configuration

@Suite("the YAML reading layer")
struct YAMLReaderTests {
    private func value(_ yaml: String, environment: [String: String]? = nil) throws -> YAMLMapping {
        try YAMLReader.parse(yaml, file: "f.yaml", environment: environment).mapping()
    }

    private func message(_ body: () throws(ConfigurationError) -> Void) -> String {
        do throws(ConfigurationError) {
            try body()
            return "none"
        } catch {
            return error.description
        }
    }

    @Test("scalars are read as what the key asks for")
    func scalars() throws {
        let root = try value("a: 7\nb: 0.5\nc: true\nd: 'true'\ne: [x, 2]\nf: ~\ng: ''\n")
        #expect(try root.required("a").int() == 7)
        #expect(try root.required("a").string() == "7")
        #expect(try root.required("b").double(in: 0...1) == 0.5)
        #expect(try root.required("c").bool())
        #expect(try root.required("d").string() == "true")
        #expect(try root.required("e").strings() == ["x", "2"])
        #expect(root["f"] == nil)
        #expect(try root.required("g").string() == "")
        #expect(root["z"] == nil)
    }

    @Test("a value of another kind is refused at its own line")
    func kinds() throws {
        let root = try value("a: [1]\nb: {c: 1}\nd: 3\n")
        #expect(
            message { () throws(ConfigurationError) in _ = try root.required("a").string() }
                == "f.yaml:1: a: it must be text, and is a list; write text, in quotes if it has special characters")
        #expect(
            message { () throws(ConfigurationError) in _ = try root.required("b").list() }
                == "f.yaml:2: b: it must be a list, and is a mapping; write one item per line, each after '- '")
        #expect(
            message { () throws(ConfigurationError) in _ = try root.required("d").mapping() }
                == "f.yaml:3: d: it must be a mapping, and is a single value; write 'key: value' lines")
        #expect(
            message { () throws(ConfigurationError) in _ = try root.required("d").int(in: 5...9) }
                == "f.yaml:3: d: it must be from 5 to 9; choose a number in that range")
    }

    @Test("environment references are filled in, with their defaults, and a missing one is named")
    func environment() throws {
        let root = try value(
            "a: ${HOST}:${PORT:-8080}\nb: ${N}\nc: ${NONE}\nd: ${open\n", environment: ["HOST": "h", "N": "12"])
        #expect(try root.required("a").string() == "h:8080")
        #expect(try root.required("b").int() == 12)
        #expect(
            message { () throws(ConfigurationError) in _ = try root.required("c").string() }
                == "f.yaml:3: c: the environment variable NONE is not set; set it, or write ${NONE:-default}")
        #expect(
            message { () throws(ConfigurationError) in _ = try root.required("d").string() }
                == "f.yaml:4: d: a '${' has no '}'; close it, as in ${NAME} or ${NAME:-default}")
        #expect(try value("a: ${HOST}").required("a").string() == "${HOST}")
    }

    @Test(
        "the name somebody meant is found, and nothing is suggested for a different word",
        arguments: [
            ("verison", "version"), ("Task", "task"), ("unknown-examples", "unknown_examples"), ("mesages", "messages"),
            ("max", nil), ("banana", nil), ("exampleturns", "example_turns"),
        ])
    func suggestion(word: String, expected: String?) {
        let names = ["task", "version", "messages", "unknown_examples", "example_turns"]
        #expect(NearestName.of(word, among: names) == expected)
    }
}
