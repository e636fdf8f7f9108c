import Experimentation
import Foundation
import Testing

@Suite("Modes")
struct ModeTests {
    @Test(
        "are read from their text forms and written back the same",
        arguments: [
            ("off", Mode.off), ("audit", .audit), ("on", .on), ("canary:0", .canary(percent: 0)),
            ("canary:25", .canary(percent: 25)), ("canary:100", .canary(percent: 100)),
        ])
    func forms(text: String, mode: Mode) throws {
        #expect(try Mode(text: text) == mode)
        #expect(mode.text == text)
        let json = try JSONEncoder().encode([mode])
        #expect(try JSONDecoder().decode([Mode].self, from: json) == [mode])
    }

    @Test(
        "refuse every other text and say what is allowed",
        arguments: [
            ("", ModeError.Problem.unknownMode), ("On", .unknownMode), (" on", .unknownMode), ("full", .unknownMode),
            ("canary25", .unknownMode), ("canary", .missingPercent), ("canary:", .missingPercent),
            ("canary:101", .badPercent), ("canary:-1", .badPercent), ("canary:+5", .badPercent),
            ("canary:2.5", .badPercent), ("canary:25%", .badPercent), ("canary: 5", .badPercent),
            ("canary:٢٥", .badPercent), ("canary:0000000000000000000001", .badPercent),
        ])
    func refusals(text: String, problem: ModeError.Problem) {
        let error = #expect(throws: ModeError.self) { try Mode(text: text) }
        #expect(error?.problem == problem)
        let allowed = problem == .unknownMode ? Mode.allowedForms : "canary:25"
        #expect(error?.description.contains(allowed) == true)
    }

    @Test("name the refused text in JSON's error, and no more than 40 characters of it")
    func jsonRefusal() {
        let text = String(repeating: "x", count: 500)
        let error = #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Mode].self, from: Data("[\"\(text)\"]".utf8))
        }
        #expect("\(error as Any)".contains(Mode.allowedForms))
        #expect(ModeError(text: text, problem: .unknownMode).description.count < 200)
    }

    @Test(
        "give the tuned model their share of the buckets",
        arguments: [
            (Mode.off, 0), (.audit, 0), (.canary(percent: 1), 100), (.canary(percent: 100), 10_000), (.on, 10_000),
            (.canary(percent: -3), 0), (.canary(percent: 300), 10_000),
        ])
    func share(mode: Mode, buckets: Int) {
        #expect(mode.internalizedBuckets == buckets)
    }
}
