import Foundation
import Testing

@testable import Internalization

@Suite("Metrics of commands")
struct BashMetricTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/"

    @Test(
        "three answers without a model score what NLTK and independent code say",
        arguments: BaselineAnswers.Kind.allCases)
    func reference(_ kind: BaselineAnswers.Kind) throws {
        let items = EvaluationItem.items(try TaskRows.load(Self.folder + "bash-dev.jsonl"), unit: .group)
        let bank = try TaskRows.load(Self.folder + "bash-bank.jsonl")
        let data = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "bash-reference.json"))
        let expected = try #require(
            try JSONDecoder().decode([String: [String: Double]].self, from: data)[kind.rawValue])
        let baseline = BaselineAnswers(kind, items: items, bank: bank, constant: "find . -type f")
        #expect(Double(items.count) == expected["n"])
        for name in ["exact", "char_bleu", "token_bleu", "corpus_token_bleu", "utility"] {
            let figure = try MetricTable.named([name])[0].percent(baseline.answers)
            #expect(abs(figure - (expected[name] ?? -1)) < 1e-9, "\(name): \(figure)")
        }
        #expect(abs(baseline.fieldTemplatePercent(.all) - (expected["template_field"] ?? -1)) < 1e-9)
        #expect(abs(baseline.fieldTemplatePercent(.havingOne) - (expected["template_field_having_one"] ?? -1)) < 1e-9)
    }

    @Test("our parser gives at least nine in ten of the data's commands the data's own form")
    func parser() throws {
        let rows = try ["bash-dev.jsonl", "bash-bank.jsonl"].flatMap { try TaskRows.load(Self.folder + $0) }
            .filter { $0.template?.isEmpty == false }
        let same = rows.filter { BashTemplate.of($0.answer) == $0.template }
        #expect(rows.count > 150)
        #expect(Double(same.count) >= 0.9 * Double(rows.count))
    }

    @Test(
        "template accuracy forgives other arguments, not other flags; without a template an item is wrong or left out")
    func template() {
        let label = TaskRow(query: "q", answer: "ls -l /srv", template: "ls -l File")
        let bare = TaskRow(query: "q", answer: "ls -l /srv", template: "")
        #expect(TemplateMatch(scope: .all).score(GradedAnswer(text: "ls -l /var", references: [label])) == 1)
        #expect(TemplateMatch(scope: .all).score(GradedAnswer(text: "ls -a /var", references: [label])) == 0)
        #expect(TemplateMatch(scope: .all).score(GradedAnswer(text: "ls -l /srv", references: [bare])) == 0)
        #expect(TemplateMatch(scope: .havingOne).score(GradedAnswer(text: "ls -l /srv", references: [bare])) == nil)
    }

    @Test("command match is the cosine of utilities and flags")
    func command() throws {
        let label = TaskRow(query: "q", answer: "find /x -name a -type f | xargs rm -f")
        let same = GradedAnswer(text: "find . -name b -type d | xargs rm -f", references: [label])
        #expect(abs(try #require(CommandMatch().score(same)) - 1) < 1e-12)
        // find, -name against find, -name, -type, xargs, -I (a normal form's), -f: 2 / sqrt(2 * 6).
        let less = GradedAnswer(text: "find . -name b", references: [label])
        #expect(abs(try #require(CommandMatch().score(less)) - 2 / 12.0.squareRoot()) < 1e-12)
    }
}
