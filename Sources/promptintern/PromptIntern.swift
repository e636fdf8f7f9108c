import ArgumentParser
import Configuration
import Experimentation
import Foundation
import Gateway

/// The program. Its commands are listed here; everything that fails ends in `Failure.exit`.
@main
struct PromptIntern: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promptintern",
        abstract: "An OpenAI-compatible gateway that takes out of each request what its model has learned by heart.",
        discussion: """
            Start with `promptintern serve --config config/gateway.yaml`, which serves the demo task, or put the \
            gateway in front of an API of your own with `promptintern serve --upstream BASE_URL`.

            Exit codes: 0 done, 1 failed, 2 wrong configuration, 64 wrong command line.
            """,
        version: "promptintern 0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Serving:",
                subcommands: [
                    ServeCommand.self, CheckCommand.self, SavingsCommand.self, AttemptsCommand.self, TasksCommand.self,
                    ModeCommand.self, KeysCommand.self,
                ]),
            CommandGroup(
                name: "Tasks:",
                subcommands: [
                    SchemaCommand.self, DatasetCommand.self, BaseCommand.self, TuneCommand.self, EvalCommand.self,
                    BaselinesCommand.self, ProgramsCommand.self, PromoteCommand.self, RollbackCommand.self,
                    ExportCommand.self, FinetuneCommand.self, DemoCommand.self,
                ]),
            CommandGroup(name: "Engine:", subcommands: [EngineCommand.self]),
        ])

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Failure.leave(code: 0)
        } catch {
            Failure.exit(error)
        }
    }
}

/// A sentence for the operator: what was wrong, and what to do.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// Ends the program with a message and no stack trace: 2 if the configuration is wrong, else 1.
    ///
    /// What the argument parser throws (help, usage errors, exit codes) ends as it says.
    static func exit(_ error: any Error) -> Never {
        switch error {
        case is ConfigurationError, is ModeError: leave(error, code: 2)
        case let error as GatewayError:
            leave(error, code: error.code == .badConfiguration || error.code == .badManifest ? 2 : 1)
        case let code as ExitCode: leave(code: code.rawValue)
        case is CleanExit, is ValidationError: PromptIntern.exit(withError: error)
        default:
            if PromptIntern.exitCode(for: error) != .failure { PromptIntern.exit(withError: error) }
            leave(error, code: 1)
        }
    }

    /// Ends the process at once. `exit` would first tear down what other threads still use: OpenSSL's locks, under a
    /// transport that is closing, were seen to crash.
    static func leave(code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }

    private static func leave(_ error: any Error, code: Int32) -> Never {
        tell(error)
        leave(code: code)
    }

    /// Writes an error to standard error: one line, or one for each thing that is wrong with a configuration.
    static func tell(_ error: any Error) {
        let lines = (error as? ConfigurationError)?.all.map { "\($0)" } ?? [text(of: error)]
        for line in lines { put("promptintern: \(line)", to: .standardError) }
    }

    /// Our own errors describe themselves; those of Foundation have a text for people.
    static func text(of error: any Error) -> String {
        type(of: error) is NSError.Type ? error.localizedDescription : "\(error)"
    }
}
