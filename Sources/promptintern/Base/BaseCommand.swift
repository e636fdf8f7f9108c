import ArgumentParser

/// The commands that make a small base model for a task.
struct BaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "base",
        abstract: "Make a small base model from a task's own text, by the recipe in <task>/base.json.",
        subcommands: [BaseDataCommand.self, BaseTrainCommand.self, BaseMeanCommand.self])
}
