import ArgumentParser

/// Commands that use the engine without the gateway.
struct EngineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Use the embedded engine on a checkpoint folder: compare what it computes, measure it.",
        subcommands: [EngineScoreCommand.self, EngineBenchCommand.self, EngineBenchTrainingCommand.self])
}
