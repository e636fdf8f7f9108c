/// A value inside a template, with Python's meaning.
indirect enum JinjaValue {
    /// What has no value; the name of what was looked for, as the template writes it.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(TextValue)
    case list([JinjaValue], isTuple: Bool)
    /// What a lazy filter gives: it can be gone through, and that is all.
    case generator([JinjaValue])
    case dictionary(JinjaDictionary)
    case namespace(JinjaNamespace)
    case loop(JinjaLoop)
    case function(JinjaFunction)

    static func list(_ values: [JinjaValue]) -> JinjaValue { .list(values, isTuple: false) }

    /// What Python holds for true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .text(let text): !text.isEmpty
        case .list(let values, _): !values.isEmpty
        case .dictionary(let dictionary): !dictionary.entries.isEmpty
        case .generator, .namespace, .loop, .function: true
        }
    }

    /// Whether a loop can go through the value.
    var isIterable: Bool {
        switch self {
        case .undefined, .text, .list, .generator, .dictionary: true
        default: false
        }
    }

    /// What kind of value this is, for errors.
    var kind: String {
        switch self {
        case .undefined(let name): name.isEmpty ? "an undefined value" : "'\(name)', which is undefined"
        case .none: "none"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .text: "a string"
        case .list: "a list"
        case .generator: "a generator"
        case .dictionary: "a mapping"
        case .namespace: "a namespace"
        case .loop: "a loop"
        case .function: "a function"
        }
    }

    /// The number that Python calculates with, if it is one.
    var numeric: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The integer that the value is; true and false are 1 and 0.
    var whole: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }
}

/// Pairs of keys and values in the order in which they came.
struct JinjaDictionary {
    /// One pair.
    struct Entry {
        let key: JinjaValue
        var value: JinjaValue
    }

    private(set) var entries: [Entry] = []
    private var index: [Key: Int] = [:]

    private enum Key: Hashable {
        case text([UInt8])
        case number(Double)
        case none
    }

    private static func key(_ value: JinjaValue) -> Key? {
        switch value {
        case .text(let text): .text(text.bytes)
        case .none: Key.none
        default: value.numeric.map { .number($0) }
        }
    }

    /// Whether a value can be a key.
    static func isKey(_ value: JinjaValue) -> Bool { key(value) != nil }

    subscript(key: JinjaValue) -> JinjaValue? {
        guard let key = Self.key(key), let place = index[key] else { return nil }
        return entries[place].value
    }

    subscript(name: String) -> JinjaValue? { index[.text(Array(name.utf8))].map { entries[$0].value } }

    /// Sets a value; a key that is there keeps its place. Values that cannot be keys are ignored.
    mutating func set(_ key: JinjaValue, _ value: JinjaValue) {
        guard let name = Self.key(key) else { return }
        if let place = index[name] {
            entries[place].value = value
        } else {
            index[name] = entries.count
            entries.append(Entry(key: key, value: value))
        }
    }

    mutating func set(_ name: String, _ value: JinjaValue) { set(.text(TextValue(name)), value) }
}

/// What `namespace()` makes: the one kind of value that a template can change.
final class JinjaNamespace {
    var values = JinjaDictionary()
}

/// The `loop` of a `for`.
final class JinjaLoop {
    let items: [JinjaValue]
    let depth: Int
    var index = 0
    var changedValue: JinjaValue?
    /// What a recursive loop does with another list.
    let recursion: JinjaRecursion?

    init(items: [JinjaValue], depth: Int, recursion: JinjaRecursion?) {
        self.items = items
        self.depth = depth
        self.recursion = recursion
    }
}

/// A recursive loop that can be entered again.
struct JinjaRecursion {
    let statement: JinjaLoopStatement
    let scope: JinjaScope
}

/// What can be called.
enum JinjaFunction {
    case global(String)
    indirect case method(JinjaValue, String)
    case macro(JinjaMacro, JinjaScope, caller: JinjaCaller?)
    case cycle(JinjaLoop)
    case changed(JinjaLoop)
}

/// The body of a `call` block; a class, because macros hold callers.
final class JinjaCaller {
    let macro: JinjaMacro
    let scope: JinjaScope

    init(macro: JinjaMacro, scope: JinjaScope) {
        self.macro = macro
        self.scope = scope
    }
}

/// Names and their values; inner scopes see outer ones, assignments stay inside.
final class JinjaScope {
    private var values: [String: JinjaValue] = [:]
    private let parent: JinjaScope?

    init(parent: JinjaScope?) {
        self.parent = parent
    }

    subscript(name: String) -> JinjaValue? {
        get { values[name] ?? parent?[name] }
        set { values[name] = newValue }
    }
}
