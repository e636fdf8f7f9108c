import Testing

@testable import Engine

@Suite("Patterns of module names")
struct ModulePatternTests {
    static let names = [
        "model.layers.0.self_attn.q_proj", "model.layers.11.mlp.up_proj", "lm_head", "model.layers.1.self_attn.v_proj",
    ]

    /// A pattern, and the names that Python's re.fullmatch(p, name) and re.match("(.*\\.)?(p)$", name) accept.
    static let cases: [(pattern: String, whole: [Int], end: [Int])] = [
        (#"q_proj"#, [], [0]),
        (#".*\.q_proj"#, [0], [0]),
        (#"model\.layers\.\d+\.self_attn\.[qkv]_proj"#, [0, 3], [0, 3]),
        (#"(?:.*\.)?(up|gate)_proj"#, [1], [1]),
        (#"model\.layers\.(0|1|2)\..*"#, [0, 3], [0, 3]),
        (#".*[0-9]{2}.*"#, [1], [1]),
        (#".*\.1\d?\..*"#, [1, 3], [1, 3]),
        (#"^model.*_proj$"#, [0, 1, 3], [0, 1, 3]),
        (#"[^l].*"#, [0, 1, 3], [0, 1, 3]),
        (#"(model|lm)(_head|\.layers\..+?)"#, [0, 1, 2, 3], [0, 1, 2, 3]),
        (#"((a*)*)*|lm_head"#, [2], [2]),
        (#"(((((.?){9}){9}){9}){9}){9}"#, [0, 1, 2, 3], [0, 1, 2, 3]),
        (#".*attn\.(?P<which>q|v)_proj"#, [0, 3], [0, 3]),
        (#"[\w.]+"#, [0, 1, 2, 3], [0, 1, 2, 3]),
        (#"\w+"#, [2], [0, 1, 2, 3]),
        (#"model(\.[a-z0-9_]+){4}"#, [0, 1, 3], [0, 1, 3]),
        (#"model(\.[a-z0-9_]+){2,3}"#, [], []),
        (#"model(\.[a-z0-9_]+){,4}"#, [0, 1, 3], [0, 1, 3]),
        (#""#, [], []),
        (#"lm{1}_head{1,}"#, [2], [2]),
        (#"lm_head|"#, [2], [2]),
        (#"[]a-z_]+"#, [2], [0, 1, 2, 3]),
        (#"[a\-z.]+.*"#, [], []),
        (#"layers\.1\..*"#, [], [3]),
        (#"layers.1.self_attn.v_proj"#, [], [3]),
        (#"proj"#, [], []),
        (#"^layers.*"#, [], []),
        (#"^model.layers.0.self_attn.q_proj"#, [0], [0]),
        (#"lm{_head"#, [], []),
        (#"1\.mlp\.up_proj"#, [], []),
    ]

    @Test("a pattern accepts what Python's accepts", arguments: cases.indices)
    func python(_ index: Int) throws {
        let (pattern, whole, end) = Self.cases[index]
        let parsed = try ModulePattern(pattern)
        #expect(Self.names.indices.filter { parsed.matches(Self.names[$0]) } == whole)
        #expect(Self.names.indices.filter { parsed.matchesEnd(of: Self.names[$0]) } == end)
    }

    @Test(
        "what is no regular expression, or more than a name needs, is refused",
        arguments: [
            "(", ")", "(a", "a)", "[a", "*a", "a**", "a{2}{3}", "a{3,2}", "a{9999}", "a{99999999999999999999}", "\\",
            "\\1", "\\b", "\\x41", "(?=a)", "(?i)a", "(?P<a", "(?P=a)", "(?<!a)", "[z-a]", "[a-\\d]", "[\\W]",
            String(repeating: "(", count: 40) + String(repeating: ")", count: 40), String(repeating: "a", count: 5_000),
        ])
    func refused(_ pattern: String) {
        #expect(throws: ModulePatternError.self) { try ModulePattern(pattern) }
    }

    @Test("patterns that backtracking takes ages for end at once")
    func explosive() throws {
        let name = String(repeating: "a", count: 60) + "!"
        for pattern in ["(a*)*", "(a|a)*", "(a|aa)+", "(.*.*.*.*)*b", "((((a{1,9}){1,9}){1,9}){1,9}){1,9}"] {
            #expect(try !ModulePattern(pattern).matches(name))
        }
    }
}
