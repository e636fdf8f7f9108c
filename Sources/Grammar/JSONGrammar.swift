import ChatAPI

/// The parts of JSON (RFC 8259) that grammars are made of.
///
/// What is generated is a subset: one space at most after a comma or colon, no other white space; numbers that every
/// reader holds exactly or finitely; no escaped surrogates. Text of this subset always parses.
enum JSONGrammar {
    static let space = GrammarNode.optional(.text(" "))
    static let comma = GrammarNode.sequence([.text(","), space])
    static let colon = GrammarNode.sequence([.text(":"), space])
    static let digit = GrammarNode.set(ByteSet(0x30...0x39))
    private static let hex = GrammarNode.set(ByteSet(0x30...0x39, 0x41...0x46, 0x61...0x66))

    /// What a string holds as it is: no control characters, quotes or backslashes.
    private static let plain: [ClosedRange<UInt32>] = [0x20...0x21, 0x23...0x5B, 0x5D...0x10FFFF]

    /// One character of a string.
    static let character = GrammarNode.choice([
        .scalars(plain),
        .sequence([
            .text("\\"),
            .choice([
                .set(
                    ByteSet(0x22...0x22, 0x2F...0x2F, 0x5C...0x5C, 0x62...0x62, 0x66...0x66, 0x6E...0x6E, 0x72...0x72)),
                .text("t"),
                .sequence([
                    .text("u"),
                    .choice([
                        .sequence([
                            .set(ByteSet(0x30...0x39, 0x41...0x43, 0x45...0x46, 0x61...0x63, 0x65...0x66)), hex,
                        ]),
                        .sequence([.set(ByteSet(0x44...0x44, 0x64...0x64)), .set(ByteSet(0x30...0x37))]),
                    ]), hex, hex,
                ]),
            ]),
        ]),
    ])

    /// A string whose length in characters lies within the bounds.
    static func string(least: Int = 0, most: Int? = nil) -> GrammarNode {
        .sequence([.text("\""), .times(character, least: least, most: most), .text("\"")])
    }

    /// The strings whose text is in a language of scalars; each has one form.
    static func string(of text: GrammarNode) -> GrammarNode {
        .sequence([.text("\""), escaped(text), .text("\"")])
    }

    private static func escaped(_ node: GrammarNode) -> GrammarNode {
        switch node {
        case .scalars(let ranges): return escaped(ranges)
        case .sequence(let parts): return .sequence(parts.map(escaped))
        case .choice(let choices): return .choice(choices.map(escaped))
        case .times(let inner, let least, let most): return .times(escaped(inner), least: least, most: most)
        case .bytes, .set, .members, .rule: return node
        }
    }

    private static func escaped(_ ranges: [ClosedRange<UInt32>]) -> GrammarNode {
        let whole = ScalarRange.complement(ScalarRange.complement(ranges))
        let asTheyAre = plain.flatMap { part in
            whole.compactMap { $0.overlaps(part) ? $0.clamped(to: part) : nil }
        }
        var forms: [GrammarNode] = asTheyAre.isEmpty ? [] : [.scalars(asTheyAre)]
        for scalar in [UInt32](0..<0x20) + [0x22, 0x5C] where whole.contains(where: { $0.contains(scalar) }) {
            if let scalar = Unicode.Scalar(scalar) {
                forms.append(.bytes(Array(JSONWriter.encoded(String(scalar)).dropFirst().dropLast())))
            }
        }
        return forms.count == 1 ? forms[0] : .choice(forms)
    }

    /// An integer of at most 15 digits, which a double holds exactly.
    static let integer = GrammarNode.sequence([
        .optional(.text("-")),
        .choice([.text("0"), .sequence([.set(ByteSet(0x31...0x39)), .times(digit, least: 0, most: 14)])]),
    ])

    /// A number that a double holds finitely.
    static let number = GrammarNode.sequence([
        integer, .optional(.sequence([.text("."), .times(digit, least: 1, most: 15)])),
        .optional(
            .sequence([
                .set(ByteSet(0x45...0x45, 0x65...0x65)), .optional(.set(ByteSet(0x2B...0x2B, 0x2D...0x2D))),
                .times(digit, least: 1, most: 2),
            ])),
    ])

    static let boolean = GrammarNode.choice([.text("true"), .text("false")])

    /// A number of at most so many digits after the point, and without an exponent.
    static func number(places: Int) -> GrammarNode {
        .sequence([integer, .optional(.sequence([.text("."), .times(digit, least: 1, most: places)]))])
    }

    /// An object of these keys, each with a value of this kind.
    static func map(of value: GrammarNode, keys: GrammarNode = string()) -> GrammarNode {
        let member = GrammarNode.sequence([keys, colon, value])
        return .sequence([.text("{"), list(member, least: 0, most: nil), .text("}")])
    }

    /// An array of values of this kind.
    static func array(of value: GrammarNode) -> GrammarNode {
        .sequence([.text("["), list(value, least: 0, most: nil), .text("]")])
    }

    /// An array whose first values are of their own kinds, and the others of one; nil: there are no others.
    static func array(first: [GrammarNode], of value: GrammarNode?, least: Int, most: Int?) -> GrammarNode {
        var end = GrammarNode.bytes([])
        if let value, most.map({ $0 > first.count }) ?? true {
            let (least, most) = (max(0, least - first.count), most.map { $0 - first.count })
            end =
                first.isEmpty
                ? list(value, least: least, most: most)
                : .times(.sequence([comma, value]), least: least, most: most)
        }
        for index in first.indices.reversed() where index < most ?? .max {
            let here = GrammarNode.sequence([index > 0 ? comma : .bytes([]), first[index], end])
            end = index < least ? here : .optional(here)
        }
        return .sequence([.text("["), end, .text("]")])
    }

    /// Values with commas between them.
    private static func list(_ value: GrammarNode, least: Int, most: Int?) -> GrammarNode {
        if most == 0 { return .bytes([]) }
        let more = GrammarNode.times(
            .sequence([comma, value]), least: max(least - 1, 0), most: most.map { $0 - 1 })
        let some = GrammarNode.sequence([value, more])
        return least == 0 ? .optional(some) : some
    }

    /// Any value; `rule` is the number of the rule that it becomes.
    static func value(rule: Int) -> GrammarNode {
        .choice([
            map(of: .rule(rule)), array(of: .rule(rule)), string(), number, boolean, .text("null"),
        ])
    }
}
