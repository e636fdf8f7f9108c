import ArgumentParser

/// The commands about the demo task.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "The demo task: questions about a house's books, answered by spreadsheet formulas.",
        subcommands: [
            DemoRequestCommand.self, DemoAnswerCommand.self, DemoRunCommand.self, DemoDataCommand.self,
            DemoBuildCommand.self, DemoTaskCommand.self,
        ])
}
