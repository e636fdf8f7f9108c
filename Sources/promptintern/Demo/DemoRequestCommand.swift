import ArgumentParser
import Foundation
import HouseBooks
import PromptSchema

/// Prints a request of the demo task.
struct DemoRequestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Print the whole request of a held-out question, as a client would send it.",
        discussion: """
            For example:
              promptintern demo request --seed 7 | curl -s http://127.0.0.1:8080/v1/chat/completions \\
                -H 'content-type: application/json' -d @-
            """)

    @Option(help: "Which question.")
    var seed: UInt64

    @Flag(help: "Ask for a stream.")
    var stream = false

    @Flag(help: "The question alone, without template and examples.")
    var queryOnly = false

    @Option(help: "The request's model.")
    var model = DemoTaskFolder.taskName

    @OptionGroup var options: DemoTaskOptions

    func run() throws {
        let question = DemoQuestion(seed: seed)
        let messages =
            queryOnly
            ? [PromptMessage(role: .user, text: question.question.text)] : try question.messages(options.schema())
        let body = question.request(messages, model: model, stream: stream)
        show(String(decoding: body, as: UTF8.self))
    }
}

/// Prints the right answer of a demo question.
struct DemoAnswerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "answer", abstract: "Print the right answer to a held-out question.")

    @Option(help: "Which question.")
    var seed: UInt64

    func run() {
        show(DemoQuestion(seed: seed).question.formula)
    }
}
