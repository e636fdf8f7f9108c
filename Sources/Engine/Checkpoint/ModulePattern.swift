/// A regular expression over module names such as "model.layers.3.self_attn.q_proj", as PEFT's configs use them.
///
/// Matching takes time polynomial in the pattern and the name whatever the pattern is: instead of backtracking it
/// computes, for a set of starting places, the set of places where the pattern can end. Supported is the part of
/// Python's syntax that names regular languages: literals, `.`, classes, `\d \w \s`, groups, `|`, repetition, `^`, `$`.
struct ModulePattern {
    /// One piece of a pattern.
    indirect enum Node {
        case scalar(ScalarClass)
        case sequence([Node])
        case choice([Node])
        case repetition(Node, minimum: Int, maximum: Int?)
        case start
        case end
    }

    /// Which scalars a place of the pattern accepts.
    struct ScalarClass {
        var ranges: [ClosedRange<UInt32>]
        var isNegated = false

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            ranges.contains { $0.contains(scalar.value) } != isNegated
        }
    }

    private let root: Node

    /// Reads a pattern; the error's text says what is not supported, and where.
    init(_ pattern: String) throws(ModulePatternError) {
        var parser = try ModulePatternParser(pattern)
        root = try parser.pattern()
    }

    /// True when the whole name matches, as `re.fullmatch` has it.
    func matches(_ name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        return ends(root, in: scalars, from: [0]).contains(scalars.count)
    }

    /// True when the name or what follows one of its dots matches: PEFT's rule for the keys of `rank_pattern`.
    func matchesEnd(of name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        let starts = Set([0] + scalars.indices.filter { scalars[$0] == "." }.map { $0 + 1 })
        return ends(root, in: scalars, from: starts).contains(scalars.count)
    }

    private func ends(_ node: Node, in name: [Unicode.Scalar], from starts: Set<Int>) -> Set<Int> {
        guard !starts.isEmpty else { return [] }
        switch node {
        case .scalar(let accepted):
            return Set(starts.filter { $0 < name.count && accepted.contains(name[$0]) }.map { $0 + 1 })
        case .sequence(let nodes): return nodes.reduce(starts) { ends($1, in: name, from: $0) }
        case .choice(let nodes): return nodes.reduce(into: []) { $0.formUnion(ends($1, in: name, from: starts)) }
        case .start: return starts.intersection([0])
        case .end: return starts.intersection([name.count])
        case .repetition(let node, let minimum, let maximum):
            var reached = starts
            for _ in 0..<minimum {
                let next = ends(node, in: name, from: reached)
                if next == reached { break }
                reached = next
            }
            var all = reached
            var rounds = minimum
            // Places already reached lead nowhere new, so that this ends after at most name.count + 1 rounds.
            while !reached.isEmpty, maximum.map({ rounds < $0 }) ?? true {
                reached = ends(node, in: name, from: reached).subtracting(all)
                all.formUnion(reached)
                rounds += 1
            }
            return all
        }
    }
}

/// Why a pattern is refused: one sentence without the pattern itself.
struct ModulePatternError: Error {
    let reason: String
}
