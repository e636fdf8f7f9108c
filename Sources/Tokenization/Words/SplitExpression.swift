/// A regular expression that cuts text into words, carried out by backtracking.
///
/// Runs of one class, of which these expressions mostly consist, take one step and one place on the stack each. A match
/// that takes unusually many steps goes on with a memory of what failed, so that its time is bounded by the product of
/// the expression's and the text's length.
struct SplitExpression: Sendable {
    private enum Instruction: Sendable {
        case one(Int)
        case run(Int, least: Int, most: Int, SplitNode.Mode)
        /// First the next instruction, then the one at the place.
        case either(or: Int)
        /// First the one at the place, then the next.
        case eitherLast(first: Int)
        case jump(Int)
        /// The instructions up to `end` are a program of their own.
        case ahead(end: Int, isNegative: Bool)
        case atomic(end: Int)
        case lineStart, lineEnd, match
    }

    /// A place to go back to; a run may give back single scalars down to `floor`, a lazy one take more up to `ceiling`.
    private struct Frame {
        var program: Int
        var place: Int
        var floor: Int
        var ceiling = 0
    }

    private var program: [Instruction] = []
    private var sets: [ScalarSet] = []
    private var numbers: [ScalarSet: Int] = [:]
    /// Where the alternatives begin, and by first byte which of them can match.
    private var starts: [Int] = []
    private var byFirst: [UInt64] = []
    private let tree: SplitNode

    private static let limit = 20_000

    /// - Throws: what is not supported, with its offset in the expression.
    init(_ expression: String) throws(SplitParser.Fault) {
        tree = try SplitParser.parse(expression)
        let alternatives: [SplitNode] = if case .choice(let choices) = tree { choices } else { [tree] }
        guard alternatives.count <= 64 else {
            throw .init(offset: 0, reason: "it has more than 64 alternatives")
        }
        byFirst = [UInt64](repeating: 0, count: 256)
        for (number, alternative) in alternatives.enumerated() {
            starts.append(program.count)
            try append(alternative)
            program.append(.match)
            let first = alternative.first
            for byte in 0..<256 {
                let isPossible =
                    byte < 0x80 ? first?.contains(UInt32(byte)) ?? true : first?.isASCIIOnly != true
                if isPossible { byFirst[byte] |= 1 << UInt64(number) }
            }
        }
    }

    /// Whether every scalar is in a match, so that nothing lies between the matches.
    var coversEverything: Bool {
        let always = tree.always
        return (UInt32(0)...0x10FFFF).allSatisfy { always.contains($0) }
    }

    // MARK: The program

    private mutating func append(_ node: SplitNode) throws(SplitParser.Fault) {
        guard program.count < Self.limit else {
            throw .init(offset: 0, reason: "the expression is too large")
        }
        switch node {
        case .one(let set): program.append(.one(number(of: set)))
        case .sequence(let parts): for part in parts { try append(part) }
        case .choice(let choices):
            var ends: [Int] = []
            for (index, choice) in choices.enumerated() {
                let fork = program.count
                if index + 1 < choices.count { program.append(.either(or: 0)) }
                try append(choice)
                guard index + 1 < choices.count else { continue }
                ends.append(program.count)
                program.append(.jump(0))
                program[fork] = .either(or: program.count)
            }
            for end in ends { program[end] = .jump(program.count) }
        case .times(.one(let set), let least, let most, let mode):
            program.append(.run(number(of: set), least: least, most: most, mode))
        case .times(let inner, let least, let most, .possessive):
            try append(.atomic(.times(inner, least: least, most: most, .greedy)))
        case .times(let inner, let least, let most, let mode):
            try append(inner, least, most, isLazy: mode == .lazy)
        case .ahead(let inner, let isNegative):
            let place = program.count
            program.append(.ahead(end: 0, isNegative: isNegative))
            try append(inner)
            program.append(.match)
            program[place] = .ahead(end: program.count, isNegative: isNegative)
        case .atomic(let inner):
            let place = program.count
            program.append(.atomic(end: 0))
            try append(inner)
            program.append(.match)
            program[place] = .atomic(end: program.count)
        case .lineStart: program.append(.lineStart)
        case .lineEnd: program.append(.lineEnd)
        }
    }

    private mutating func append(
        _ inner: SplitNode, _ least: Int, _ most: Int, isLazy: Bool
    ) throws(SplitParser.Fault) {
        for _ in 0..<least { try append(inner) }
        var forks: [Int] = []
        for _ in 0..<(most == .max ? 1 : most - least) {
            forks.append(program.count)
            program.append(.either(or: 0))
            try append(inner)
        }
        if most == .max, let loop = forks.first { program.append(.jump(loop)) }
        for fork in forks {
            program[fork] = isLazy ? .eitherLast(first: program.count) : .either(or: program.count)
        }
    }

    private mutating func number(of set: ScalarSet) -> Int {
        if let known = numbers[set] { return known }
        sets.append(set)
        numbers[set] = sets.count - 1
        return sets.count - 1
    }

    // MARK: Matching

    /// The end of the match that begins at `start`, which lies before the text's end; nil if none does.
    func matchEnd(in text: Span<UInt8>, from start: Int) -> Int? {
        let possible = byFirst[Int(text[start])]
        for (number, place) in starts.enumerated() where possible >> UInt64(number) & 1 != 0 {
            if let end = run(place, text, start) { return end }
        }
        return nil
    }

    private func run(_ start: Int, _ text: Span<UInt8>, _ from: Int) -> Int? {
        var stack: [Frame] = []
        var (at, place) = (start, from)
        var steps = 0
        var failed: Set<Int> = []
        while true {
            var matches = true
            switch program[at] {
            case .one(let set):
                matches = place < text.count
                if matches {
                    let next = text.scalar(at: place)
                    matches = sets[set].contains(next.value)
                    place += next.length
                }
                at += 1
            case .run(let set, let least, let most, let mode):
                let taken = take(sets[set], text, place, least, most)
                matches = taken.count >= least
                at += 1
                if taken.floor < taken.end, mode != .possessive, matches {
                    stack.append(
                        mode == .greedy
                            ? Frame(program: at, place: taken.end, floor: taken.floor)
                            : Frame(program: at, place: taken.floor, floor: taken.floor, ceiling: taken.end))
                }
                place = mode == .lazy ? taken.floor : taken.end
            case .either(let other):
                stack.append(Frame(program: other, place: place, floor: place))
                at += 1
            case .eitherLast(let first):
                stack.append(Frame(program: at + 1, place: place, floor: place))
                at = first
            case .jump(let target): at = target
            case .ahead(let end, let isNegative):
                matches = (run(at + 1, text, place) != nil) != isNegative
                at = end
            case .atomic(let end):
                let match = run(at + 1, text, place)
                matches = match != nil
                place = match ?? place
                at = end
            case .lineStart:
                matches = place == 0 || text[place - 1] == 0x0A
                at += 1
            case .lineEnd:
                matches = place == text.count || text[place] == 0x0A
                at += 1
            case .match: return place
            }
            steps += 1
            if matches { continue }
            repeat {
                guard let back = Self.goBack(&stack, text) else { return nil }
                (at, place) = back
            } while steps > 4_096 && !failed.insert(at * (text.count + 1) + place).inserted
        }
    }

    private func take(
        _ set: ScalarSet, _ text: Span<UInt8>, _ start: Int, _ least: Int, _ most: Int
    ) -> (count: Int, floor: Int, end: Int) {
        var (count, floor, end) = (0, start, start)
        while count < most, end < text.count {
            let next = text.scalar(at: end)
            guard set.contains(next.value) else { break }
            end += next.length
            count += 1
            if count == least { floor = end }
        }
        return (count, floor, end)
    }

    /// The last place with a way not tried, taken off the stack with that way; nil if there is none.
    private static func goBack(_ stack: inout [Frame], _ text: Span<UInt8>) -> (Int, Int)? {
        guard var frame = stack.popLast() else { return nil }
        if frame.ceiling > frame.place {
            frame.place += text.scalar(at: frame.place).length
            if frame.ceiling > frame.place { stack.append(frame) }
        } else if frame.place > frame.floor {
            frame.place -= 1
            while frame.place > frame.floor, text[frame.place] & 0xC0 == 0x80 { frame.place -= 1 }
            if frame.place > frame.floor { stack.append(frame) }
        }
        return (frame.program, frame.place)
    }
}
