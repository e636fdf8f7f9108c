import ArgumentParser
import ChatAPI
import Configuration
import HouseBooks
import PromptSchema
import Randomness

/// A held-out question of the demo task, and the request that asks it.
struct DemoQuestion {
    static let standardFolder = "config/tasks/" + DemoTaskFolder.taskName
    /// How many worked examples a full prompt shows.
    static let exampleCount = 10

    let question: Question
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
        question = HouseTask().heldOut(seed)
    }

    /// The messages of the whole prompt: the schema rendered with worked examples from its bank, chosen by the seed.
    func messages(_ schema: Schema) throws -> [PromptMessage] {
        let bank = schema.bank
        var random = SplitMix64(seed: seed)
        let examples = random.choose(min(Self.exampleCount, bank.count), of: Array(bank.indices))
        return try schema.render(
            PromptParts(query: question.text, examples: examples.map { .bank($0) }))
    }

    /// The request's JSON.
    func request(_ messages: [PromptMessage], model: String, stream: Bool) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("model", model)
            json.array("messages") { json in
                for message in messages {
                    json.object { json in
                        json.member("role", message.role.rawValue)
                        json.member("content", String(decoding: message.text, as: UTF8.self))
                    }
                }
            }
            json.member("temperature", 0)
            if stream { json.member("stream", true) }
        }
        return json.bytes
    }
}

/// Where the demo task lies.
struct DemoTaskOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The task's folder, or its name in config/tasks.", valueName: "folder"))
    var task = DemoTaskFolder.taskName

    func schema() throws -> Schema {
        try SchemaFile.load(path: try TaskPath(task).folder + "/schema.yaml")
    }
}
