import ArgumentParser
import Foundation
import HouseBooks
import PromptSchema
import Transport

/// Sends demo questions through a running gateway, each in full and as the gateway decides.
struct DemoRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Send demo questions through a running gateway and show tokens and times before and after.",
        discussion: """
            Every question is asked twice, streamed: once with `x-promptintern-bypass: true`, which makes the gateway \
            send the whole prompt, and once without.
            """)

    @Option(help: "How many requests, half of them with the whole prompt.")
    var count = 30

    @Option(help: ArgumentHelp("The gateway's base URL.", valueName: "base-url"))
    var url = "http://127.0.0.1:8080/v1"

    @Option(help: "The first question.")
    var seed: UInt64 = 1

    @Option(help: "The requests' model.")
    var model = DemoTaskFolder.taskName

    @OptionGroup var options: DemoTaskOptions

    func validate() throws {
        guard count >= 2 else { throw ValidationError("--count must be at least 2") }
    }

    func run() async throws {
        let schema = try options.schema()
        let transport = try CurlTransport()
        defer { transport.shutdown() }
        let client = DemoClient(
            transport: transport, url: Self.baseURL(url),
            key: ProcessInfo.processInfo.environment["PROMPTINTERN_CLIENT_KEY"])
        var full = DemoFigures()
        var tuned = DemoFigures()
        for number in 0..<UInt64(count / 2) {
            let question = DemoQuestion(seed: seed + number)
            let body = question.request(try question.messages(schema), model: model, stream: true)
            full.add(try await client.ask(body, bypass: true), right: question.question.formula)
            tuned.add(try await client.ask(body, bypass: false), right: question.question.formula)
            if isatty(2) == 1 {
                FileHandle.standardError.write(Data("\r\(2 * (number + 1)) of \(count / 2 * 2) requests".utf8))
            }
        }
        if isatty(2) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
        show(Self.table(full, tuned))
    }

    /// The base URL, whether it was given with its `/v1` or without.
    static func baseURL(_ url: String) -> String {
        var base = url[...]
        while base.last == "/" { base.removeLast() }
        return base.hasSuffix("/v1") ? String(base) : base + "/v1"
    }

    private static func table(_ full: DemoFigures, _ tuned: DemoFigures) -> String {
        var table = Columns(rows: [["", "whole prompt", "as the gateway decides", "difference"]])
        table.right = [1, 2, 3]
        func row(_ name: String, _ value: (DemoFigures) -> Double, _ unit: String = "") {
            let (before, after) = (value(full), value(tuned))
            let change = before == 0 ? "" : "\(Int(((after - before) / before * 100).rounded())) %"
            table.rows.append([name, text(before) + unit, text(after) + unit, change])
        }
        table.rows.append(["requests", "\(full.answers.count)", "\(tuned.answers.count)", ""])
        table.rows.append(["right answers", "\(full.right)", "\(tuned.right)", ""])
        row("input tokens, mean", { $0.mean(\.tokens) })
        row("time to first token, median", { $0.median(\.first) }, " ms")
        row("total time, median", { $0.median(\.total) }, " ms")
        let arms = Dictionary(grouping: tuned.answers.map { "\($0.arm) (\($0.reason))" }, by: { $0 })
        let list = arms.sorted { $0.key < $1.key }.map { "\($0.value.count) \($0.key)" }
        return table.text + "\n\nThe gateway's decisions: " + list.joined(separator: ", ") + "."
    }

    private static func text(_ number: Double) -> String {
        number >= 100 ? "\(Int(number.rounded()))" : "\((number * 10).rounded() / 10)"
    }
}

/// The answers of one way of asking.
struct DemoFigures {
    private(set) var answers: [DemoAnswer] = []
    private(set) var right = 0

    mutating func add(_ answer: DemoAnswer, right formula: String) {
        answers.append(answer)
        if answer.text == formula { right += 1 }
    }

    func mean(_ value: (DemoAnswer) -> Double) -> Double {
        answers.isEmpty ? 0 : answers.map(value).reduce(0, +) / Double(answers.count)
    }

    func median(_ value: (DemoAnswer) -> Double) -> Double {
        let sorted = answers.map(value).sorted()
        return sorted.isEmpty ? 0 : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
