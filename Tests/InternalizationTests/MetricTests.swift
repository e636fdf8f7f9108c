import Testing

@testable import Internalization

@Suite("Metrics")
struct MetricTests {
    private func graded(_ text: String, _ answers: [String]) -> GradedAnswer {
        GradedAnswer(text: text, references: answers.map { TaskRow(query: "q", answer: $0) })
    }

    // Computed with NLTK 3.10.4: sentence_bleu on lists of characters, and on words with SmoothingFunction().method1.
    static let references: [(text: String, answers: [String], character: Double, token: Double)] = [
        ("find . -name foo", ["find . -name '*.txt'", "find . -type f"], 0.8408964152537145, 0.3976353643835253),
        ("ls -l | wc -l", ["ls -1 | wc -l"], 0.7611606003349892, 0.28574404296988),
        ("a b c", ["a b c d e"], 0.44932896411722156, 0.288715663092199),
        ("ls -la", ["find . -name '*.txt'", "find . -type f"], 0, 0),
    ]

    @Test("sentence BLEU on characters and on words equals NLTK's", arguments: references)
    func sentences(_ item: (text: String, answers: [String], character: Double, token: Double)) throws {
        let answer = graded(item.text, item.answers)
        let characters = try #require(BLEUMetric(unit: .characters).score(answer))
        let tokens = try #require(BLEUMetric(unit: .tokens).score(answer))
        #expect(abs(characters - item.character) < 1e-12)
        #expect(abs(tokens - item.token) < 1e-12)
    }

    @Test("corpus BLEU adds counts before it divides, as NLTK's does")
    func corpus() {
        let answers = Self.references.prefix(3).map { graded($0.text, $0.answers) }
        #expect(abs(CorpusBLEU().percent(answers) - 24.435822586484734) < 1e-9)
    }

    @Test("exact match forgives white space and takes any reference; identical match forgives nothing")
    func exact() {
        #expect(ExactMatch().score(graded(" ls  -l\n", ["pwd", "ls -l"])) == 1)
        #expect(ExactMatch().score(graded("ls -L", ["ls -l"])) == 0)
        #expect(IdenticalMatch().score(graded("ls  -l", ["ls -l"])) == 0)
        #expect(IdenticalMatch().score(graded("e\u{301}", ["\u{e9}"])) == 0)
        #expect(IdenticalMatch().score(graded("ls -l", ["pwd", "ls -l"])) == 1)
    }

    @Test("an empty answer scores nothing, and a perfect one everything", arguments: MetricTable.all.map(\.name))
    func ends(_ name: String) throws {
        let metric = try MetricTable.named([name])[0]
        let label = TaskRow(query: "q", answer: "ls -l /srv now", template: "ls -l File File")
        #expect(metric.percent([GradedAnswer(text: "", references: [label])]) == 0)
        #expect(abs(metric.percent([GradedAnswer(text: label.answer, references: [label])]) - 100) < 1e-9)
    }

    @Test("an unknown metric is refused with the names of the known ones")
    func unknown() {
        #expect(throws: InternalizationError.self) { try MetricTable.named(["bleu"]) }
    }

    @Test("a group is asked once and graded against all its labels; rows without a group stand alone")
    func items() {
        let rows = [
            TaskRow(query: "a", answer: "1", group: "g"), TaskRow(query: "b", answer: "2"),
            TaskRow(query: "c", answer: "3", group: "g"), TaskRow(query: "b", answer: "4"),
        ]
        let groups = EvaluationItem.items(rows, unit: .group)
        #expect(groups.map(\.row.query) == ["a", "b", "b"])
        #expect(groups[0].references.map(\.answer) == ["1", "3"])
        let single = EvaluationItem.items(rows, unit: .row)
        #expect(single.count == 4 && single[2].references == [rows[2]])
        #expect(single[0].cluster == single[2].cluster && single[1].cluster != single[3].cluster)
    }

    @Test("rows of a group are resampled together: a duplicated group does not narrow the interval")
    func bootstrap() {
        let differences = (0..<40).map { $0 % 4 == 0 ? 1.0 : 0 }
        let alone = PairedDifference(
            arms: ["a", "b"], differences: differences, clusters: (0..<40).map(String.init), samples: 2_000, seed: 1)
        let doubled = PairedDifference(
            arms: ["a", "b"], differences: differences + differences,
            clusters: (0..<80).map { String($0 % 40) }, samples: 2_000, seed: 1)
        #expect(alone.difference == 25 && doubled.difference == 25)
        #expect(alone.low == doubled.low && alone.high == doubled.high)
        #expect(alone.low < 25 && alone.high > 25 && doubled.groups == 40)
    }
}
