import Foundation
import Testing
import TestSupport

@Suite("help and errors of the program")
struct ErrorTests {
    @Test(
        "every command explains itself",
        arguments: [
            ([], "SUBCOMMANDS"), (["serve"], "--upstream-key"), (["check"], "Exit code 0"), (["savings"], "--bucket"),
            (["schema"], "explain"), (["schema", "check"], "<file>"), (["schema", "explain"], "- for standard"),
            (["attempts"], "<request-id>"), (["tasks"], "--admin"), (["mode"], "canary"), (["demo"], "request"),
            (["demo", "request"], "--query-only"),
            (["demo", "run"], "--count"), (["demo", "answer"], "--seed"), (["demo", "data"], "--output"),
            (["tune"], "--task"), (["eval"], "--task"), (["promote"], "--task"),
        ] as [([String], String)])
    func help(_ command: [String], _ text: String) throws {
        let result = try Program.run(command + ["--help"])
        #expect(result.status == 0)
        #expect(result.output.uppercased().contains(text.uppercased()))
        #expect(result.output.contains("USAGE: promptintern"))
        #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE") })
    }

    @Test("an error says what to do, without a stack trace")
    func errors() throws {
        let task = try TinyTask(manifest: false)
        func fails(_ arguments: [String], _ status: Int32, _ texts: String...) throws {
            let result = try Program.run(arguments, folder: task.folder.path)
            #expect(result.status == status, "\(arguments): \(result.errors)")
            for text in texts { #expect(result.errors.contains(text), "\(arguments): \(result.errors)") }
            #expect(!result.errors.contains("Fatal error") && !result.errors.contains("Stack dump"))
            #expect(result.output.isEmpty)
        }
        try fails(["serve"], 2, "nothing to serve", "--upstream")
        try fails(["serve", "--config", "none.yaml"], 2, "none.yaml: there is no such file")
        try task.configure("liste: a")
        try fails(["serve", "--config", "gateway.yaml"], 2, "gateway.yaml:2: liste:", "did you mean 'listen'?")
        try fails(["check", "--config", "gateway.yaml"], 2, "gateway.yaml:2: liste:")
        try task.configure("tasks: [unclosed")
        try fails(["check", "--config", "gateway.yaml"], 2, "not valid YAML")
        try task.configure("engines: {e: {model: nowhere}}")
        try fails(["serve", "--config", "gateway.yaml"], 2, "gateway.yaml:2: engines.e.model:", "nowhere")
        try task.configure("tasks: [{folder: tasks/none}]\nupstreams: {u: {base_url: 'http://127.0.0.1:1'}}")
        try fails(["check", "--config", "gateway.yaml"], 2, "tasks/none/schema.yaml", "no such file")
        try task.configure("tasks: [{folder: tasks/tiny}]")
        try fails(["check", "--config", "gateway.yaml"], 2, "nothing to serve")
        try task.configure("upstreams: {u: {base_url: 'http://u:p@h/v1'}}")
        try fails(["check", "--config", "gateway.yaml"], 2, "must not hold a user name")
        try fails(["serve", "--upstream", "http://127.0.0.1:1", "--listen", "0.0.0.0:0"], 2, "without a client key")
        try fails(["serve", "--upstream", "http://127.0.0.1:1", "--listen", "nonsense"], 2, "--listen:", "HOST:PORT")
        try fails(
            ["serve", "--upstream", "http://127.0.0.1:1", "--client-key", "k", "--admin-listen", "0.0.0.0:0"], 2,
            "admin listener", "asks for no key")
        try fails(["serve", "--tasks", "none", "--upstream", "http://127.0.0.1:1"], 2, "no such folder")
        try fails(["savings", "--ledger", "none.sqlite"], 1, "there is no ledger at none.sqlite")
        try fails(["savings", "--ledger", "none.sqlite", "--bucket", "week"], 1, "write hour or day")
        try fails(["schema", "check", "none.yaml"], 2, "none.yaml: there is no such file")
        try fails(["tasks", "--admin", "http://127.0.0.1:1"], 1, "does not answer", "promptintern serve")
        try fails(["demo", "request", "--seed", "1"], 1, "there is no task 'house-books'")
        try fails(["demo", "request"], 64, "--seed")
        try fails(["serv"], 64, "serv")
    }

    @Test("a taken port is named, with what to do")
    func takenPort() throws {
        let holder = try ScriptedServer { _ in [] }
        let folder = try TinyModelFolder()
        for flag in ["--listen", "--admin-listen"] {
            let other = flag == "--listen" ? "--admin-listen" : "--listen"
            let result = try Program.run([
                "serve", "--upstream", "http://127.0.0.1:1", "--ledger", folder.path + "/l.sqlite", flag,
                "127.0.0.1:\(holder.port)", other, "127.0.0.1:0",
            ])
            #expect(result.status == 1)
            #expect(result.errors.contains("cannot listen on 127.0.0.1:\(holder.port): the port is taken"))
            #expect(result.errors.contains("choose another port"))
        }
    }

    @Test("the demo's answers are the same every time, and its data has no meaning twice")
    func demo() throws {
        let answer = try Program.run(["demo", "answer", "--seed", "7"])
        let again = try Program.run(["demo", "answer", "--seed", "7"])
        #expect(answer.output.hasPrefix("= ") && answer.output == again.output)
        let query = try Program.run(["demo", "request", "--seed", "7", "--query-only", "--stream", "--model", "m"])
        #expect(query.output.hasPrefix(#"{"model":"m","messages":[{"role":"user","content":""#))
        #expect(query.output.contains(#""stream":true"#))
        let folder = try TinyModelFolder()
        #expect(try Program.run(["demo", "data", "--output", folder.path]).status == 0)
        let files = ["train", "dev", "test"].map { Program.read("\(folder.path)/\($0).jsonl") }
        let groups = files.map {
            Set(
                $0.split(separator: "\n").compactMap { $0.split(separator: "\"group\":\"").last?.prefix { $0 != "\"" } }
            )
        }
        #expect(groups.allSatisfy { $0.count > 50 })
        #expect(groups[0].isDisjoint(with: groups[1]) && groups[0].isDisjoint(with: groups[2]))
        #expect(groups[1].isDisjoint(with: groups[2]))
    }
}
