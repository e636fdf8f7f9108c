import Synchronization

/// A grammar over a vocabulary: which tokens may follow what was said. Shared by all answers of the same grammar.
///
/// States are made when they are first met and kept with their transitions and token masks, so that a token in a state
/// seen before costs a look-up. A state is a set of places in the rules, each with the stack of rules that called it;
/// equal stacks are one, so that what is nested equally deep and alike is the same state.
public final class GrammarAutomaton: Sendable {
    /// The state in which the text is no beginning of the language.
    public static let dead: Int32 = -1
    /// The state of an empty text.
    public static let start: Int32 = 0

    private let grammar: Grammar
    private let vocabulary: VocabularyTrie
    private let room: Int
    private let table: Mutex<AutomatonTable>
    private let follower = Mutex<GrammarAutomaton?>(nil)

    /// An automaton that has met no state but the first.
    ///
    /// - Parameter room: how much it may hold, in places of states; a state counts 128 more. Beyond it nothing may
    ///   follow.
    public init(_ grammar: Grammar, vocabulary: VocabularyTrie, room: Int = 2_000_000) {
        self.grammar = grammar
        self.vocabulary = vocabulary
        self.room = room
        table = Mutex(AutomatonTable(grammar, room: room))
    }

    /// Whether it has met so many states that answers should go on with its `successor`.
    public var isCrowded: Bool { table.withLock { $0.size > room / 2 } }

    /// An automaton of the same grammar that was made when this one was crowded; states are not shared.
    public var successor: GrammarAutomaton {
        follower.withLock { follower in
            if let follower { return follower }
            let made = GrammarAutomaton(grammar, vocabulary: vocabulary, room: room)
            follower = made
            return made
        }
    }

    /// The bytes of a token.
    public func bytes(of token: Int32) -> [UInt8] { vocabulary.string(of: token) }

    /// The state after a token; `dead` if it may not follow.
    public func next(_ state: Int32, token: Int32) -> Int32 {
        next(state, bytes: vocabulary.string(of: token))
    }

    /// The state after bytes; `dead` if they may not follow. No bytes at all may not follow either.
    public func next(_ state: Int32, bytes: [UInt8]) -> Int32 {
        guard !bytes.isEmpty else { return Self.dead }
        return table.withLock { table in
            bytes.reduce(state) { state, byte in state < 0 ? state : table.step(state, byte) }
        }
    }

    /// Whether the text of a state is in the language.
    public func accepts(_ state: Int32) -> Bool {
        state >= 0 && table.withLock { $0.accepts(state) }
    }

    /// The tokens that may follow, as bits by id.
    public func mask(_ state: Int32) -> [UInt64] {
        guard state >= 0 else { return [UInt64](repeating: 0, count: (vocabulary.size + 63) / 64) }
        return table.withLock { $0.mask(state, vocabulary) }
    }
}

/// The states met so far.
private struct AutomatonTable {
    /// A place in a rule and the stack to return by.
    struct Item: Hashable {
        let state: Int32
        let stack: Int32
    }

    private struct Frame: Hashable {
        let back: Int32
        let parent: Int32
    }

    private static let unknown: Int32 = -2
    /// More nesting than this may not follow.
    private static let deepest: Int32 = 200
    private static let maskLimit = 1_024
    /// What a state takes beside its places: 256 transitions.
    private static let stateSize = 128

    private let grammar: Grammar
    private let room: Int
    /// What the states and stacks take, in places.
    private(set) var size = 0
    private var states: [[Item]] = []
    private var accepting: [Bool] = []
    private var numbers: [[Item]: Int32] = [:]
    /// 256 for every state.
    private var transitions: [Int32] = []
    private var masks: [Int32: [UInt64]] = [:]
    /// Stack 0 is empty.
    private var frames: [Frame] = [Frame(back: -1, parent: -1)]
    private var depths: [Int32] = [0]
    private var frameNumbers: [Frame: Int32] = [:]

    init(_ grammar: Grammar, room: Int) {
        self.grammar = grammar
        self.room = room
        _ = number(of: close([Item(state: grammar.starts[0], stack: 0)]))
    }

    func accepts(_ state: Int32) -> Bool { accepting[Int(state)] }

    mutating func step(_ state: Int32, _ byte: UInt8) -> Int32 {
        let place = Int(state) << 8 | Int(byte)
        if transitions[place] != Self.unknown { return transitions[place] }
        var next: [Item] = []
        for item in states[Int(state)] {
            for case .bytes(let set, let to) in grammar.edges[Int(item.state)] where set.contains(byte) {
                next.append(Item(state: to, stack: item.stack))
            }
        }
        let number = next.isEmpty ? GrammarAutomaton.dead : number(of: close(next))
        transitions[place] = number
        return number
    }

    mutating func mask(_ state: Int32, _ vocabulary: VocabularyTrie) -> [UInt64] {
        if let known = masks[state] { return known }
        var words = [UInt64](repeating: 0, count: (vocabulary.size + 63) / 64)
        var path = [Int32](repeating: GrammarAutomaton.dead, count: vocabulary.longest + 1)
        path[0] = state
        var node = 0
        while node < vocabulary.bytes.count {
            let depth = Int(vocabulary.depths[node])
            let next = step(path[depth], vocabulary.bytes[node])
            guard next >= 0 else {
                node = Int(vocabulary.ends[node])
                continue
            }
            path[depth + 1] = next
            for place in vocabulary.firsts[node]..<vocabulary.firsts[node + 1] {
                let token = Int(vocabulary.tokens[Int(place)])
                words[token >> 6] |= 1 << UInt64(token & 63)
            }
            node += 1
        }
        if masks.count >= Self.maskLimit { masks = [:] }
        masks[state] = words
        return words
    }

    /// All that the items lead to over nothing; of those only what reads a byte or ends the text matters.
    private mutating func close(_ items: [Item]) -> (items: [Item], accepts: Bool) {
        var seen = Set(items)
        var open = items
        var kept: [Item] = []
        var accepts = false
        while let item = open.popLast() {
            var readsByte = false
            for edge in grammar.edges[Int(item.state)] {
                var next: Item?
                switch edge {
                case .bytes: readsByte = true
                case .empty(let to): next = Item(state: to, stack: item.stack)
                case .call(let rule, let back):
                    // A rule whose caller ends with it returns to the caller's caller: rules that repeat so need no
                    // stack.
                    let stack = grammar.ends[Int(back)] ? item.stack : push(back, item.stack)
                    next = stack.map { Item(state: grammar.starts[Int(rule)], stack: $0) }
                case .end:
                    if item.stack == 0 {
                        accepts = true
                    } else {
                        let frame = frames[Int(item.stack)]
                        next = Item(state: frame.back, stack: frame.parent)
                    }
                }
                if let next, seen.insert(next).inserted { open.append(next) }
            }
            if readsByte { kept.append(item) }
        }
        return (kept.sorted { ($0.state, $0.stack) < ($1.state, $1.stack) }, accepts)
    }

    private mutating func push(_ back: Int32, _ parent: Int32) -> Int32? {
        let frame = Frame(back: back, parent: parent)
        if let known = frameNumbers[frame] { return known }
        guard depths[Int(parent)] < Self.deepest, size < room else { return nil }
        let number = Int32(frames.count)
        size += 4
        frames.append(frame)
        depths.append(depths[Int(parent)] + 1)
        frameNumbers[frame] = number
        return number
    }

    private mutating func number(of state: (items: [Item], accepts: Bool)) -> Int32 {
        if state.items.isEmpty, !state.accepts { return GrammarAutomaton.dead }
        // An item of no state tells texts that may end here from those that may not.
        let key = state.items + (state.accepts ? [Item(state: -1, stack: -1)] : [])
        if let known = numbers[key] { return known }
        // The first state stands whatever it takes: the grammar's own size is bounded.
        guard states.isEmpty || size + state.items.count < room else { return GrammarAutomaton.dead }
        size += state.items.count + Self.stateSize
        let number = Int32(states.count)
        states.append(state.items)
        accepting.append(state.accepts)
        numbers[key] = number
        transitions.append(contentsOf: repeatElement(Self.unknown, count: 256))
        return number
    }
}
