/// Runs the groups named on the command line, or all, and prints a table, or JSON lines with `--json`.
@main
enum Benchmarks {
    private static let groups: [(name: String, run: @Sendable () -> [Row])] = [
        ("json", JSONBenchmarks.run),
        ("sse", StreamBenchmarks.run),
        ("recognition", RecognitionBenchmarks.run),
    ]

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        let wanted = arguments.filter { !$0.hasPrefix("-") }
        let known = Set(groups.map(\.name))
        if arguments.contains(where: { $0.hasPrefix("-") && $0 != "--json" }) || !known.isSuperset(of: wanted) {
            print("usage: benchmarks [--json] [\(groups.map(\.name).joined(separator: "|"))]...")
            return
        }
        for group in groups where wanted.isEmpty || wanted.contains(group.name) {
            for row in group.run() {
                print(arguments.contains("--json") ? row.json(group: group.name) : row.line(group: group.name))
            }
        }
    }
}
