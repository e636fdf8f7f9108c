import Foundation
import TestSupport
import Testing

@Suite("the program exports", .serialized, .timeLimit(.minutes(1)))
struct ExportTests {
    private func task(recipe: String) throws -> TinyTask {
        let task = try TinyTask(manifest: false)
        for folder in ["data", "written/0.5"] {
            try FileManager.default.createDirectory(
                atPath: task.path + "/" + folder, withIntermediateDirectories: true)
        }
        let rows = (0..<12).map { "{\"query\": \"question \($0)\", \"answer\": \"=A\($0)\"}\n" }
        _ = try task.folder.write(rows.joined(), to: "tasks/tiny/data/train.jsonl")
        _ = try task.folder.write("By hand.", to: "tasks/tiny/written/0.5/0.txt")
        _ = try task.folder.write("", to: "tasks/tiny/written/0.5/1.txt")
        _ = try task.folder.write(recipe, to: "tasks/tiny/recipe.yaml")
        return task
    }

    private func export(_ task: TinyTask, _ more: [String] = []) throws -> Program.Result {
        try Program.run(
            [
                "export", "--task", task.path, "--to", "openai", "--output", task.folder.path + "/out", "--stages", "3",
                "--examples", "0",
            ] + more)
    }

    @Test("an export has the template that the recipe's compressor makes, and as many rows as it is told")
    func compressor() throws {
        let task = try task(recipe: "compressor: {files: written}\n")
        let result = try export(task, ["--rows", "11"])
        #expect(result.status == 0, "\(result.errors)")
        let stage = Program.read(task.folder.path + "/out/stage-1.jsonl")
        let lines = stage.split(separator: "\n")
        #expect(lines.count == 11)
        #expect(lines.allSatisfy { $0.contains("\"By hand.\"") && !$0.contains("formulas") })
        #expect(Program.read(task.folder.path + "/out/export.json").contains("\"compressor\" : \"files+"))
    }

    @Test("what needs a base model that is not there is refused, or said")
    func withoutBase() throws {
        let rules = try export(try task(recipe: "compressor: attribution\n"))
        #expect(rules.status == 0 && rules.errors.contains("there is no base model"), "\(rules.errors)")
        for recipe in ["compressor: self-information\n", "retrieval: {method: embeddings}\n"] {
            let refused = try export(try task(recipe: recipe))
            #expect(refused.status == 1 && refused.errors.contains("base model"), "\(refused.errors)")
        }
    }
}
