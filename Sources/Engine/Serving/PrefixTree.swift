/// Keys and values of prompts that were computed before, in blocks of positions, so that an equal beginning is computed
/// once.
///
/// A node is one full block; its path from the root is the sequence that the block follows. The first step of the path
/// tells adapter versions apart; a block belongs to one tenant, or to all where the operator said so, and is found by
/// nobody else. Blocks are shared by reference: a sequence that uses one keeps it alive after its eviction.
struct PrefixTree {
    /// What a block is found by, below the node of the block before it.
    fileprivate struct Key: Hashable {
        let tokens: [Int32]
        /// Nil: shared by all tenants.
        let tenant: String?
    }

    fileprivate final class Node {
        let block: KeyValueBlock?
        weak var parent: Node?
        let key: Key?
        var children: [Key: Node] = [:]
        var lastUse = 0
        /// Sequences that run on this block now.
        var pins = 0

        init(block: KeyValueBlock?, parent: Node?, key: Key?) {
            self.block = block
            self.parent = parent
            self.key = key
        }
    }

    /// Blocks that a sequence may use, held in the tree until they are unpinned.
    struct Match {
        fileprivate var nodes: [Node] = []
        /// The blocks in order.
        var blocks: [KeyValueBlock] { nodes.compactMap(\.block) }
        /// Positions that they hold.
        var count: Int { nodes.count * KeyValueBlock.positions }
    }

    private var roots: [Int: Node] = [:]
    private var clock = 0
    /// Blocks held.
    private(set) var count = 0

    /// The longest known beginning of the tokens in whole blocks, pinned; the last token is never part of it.
    ///
    /// - Parameter shared: how many leading tokens all tenants share.
    mutating func match(_ tokens: [Int32], adapter: Int, tenant: String, shared: Int) -> Match {
        clock += 1
        var match = Match()
        guard var node = roots[adapter] else { return match }
        for block in 0..<(max(tokens.count, 1) - 1) / KeyValueBlock.positions {
            guard let child = node.children[Self.key(tokens, block, tenant, shared)] else { break }
            child.lastUse = clock
            child.pins += 1
            match.nodes.append(child)
            node = child
        }
        return match
    }

    /// Lets the blocks go that a sequence ran on.
    func unpin(_ match: Match) {
        for node in match.nodes { node.pins -= 1 }
    }

    /// Takes in the full blocks of a sequence whose keys and values were computed; known ones stay as they are.
    mutating func insert(
        _ tokens: [Int32], blocks: [KeyValueBlock], adapter: Int, tenant: String, shared: Int
    ) {
        clock += 1
        var node = roots[adapter] ?? Node(block: nil, parent: nil, key: nil)
        roots[adapter] = node
        for block in 0..<min(tokens.count / KeyValueBlock.positions, blocks.count) {
            let key = Self.key(tokens, block, tenant, shared)
            if let child = node.children[key] {
                child.lastUse = clock
                node = child
                continue
            }
            let child = Node(block: blocks[block], parent: node, key: key)
            child.lastUse = clock
            node.children[key] = child
            count += 1
            node = child
        }
    }

    /// Evicts blocks nobody runs on, those unused for longest first, until at most `limit` are held or none can go.
    mutating func shrink(to limit: Int) {
        guard count > limit else { return }
        var leaves: [Node] = []
        var open = Array(roots.values)
        while let node = open.popLast() {
            if node.children.isEmpty, node.block != nil, node.pins == 0 { leaves.append(node) }
            open += node.children.values
        }
        // Latest first, so that the oldest is the last; a parent comes up when its last child goes.
        leaves.sort { $0.lastUse > $1.lastUse }
        while count > limit, let leaf = leaves.popLast() {
            guard let parent = leaf.parent, let key = leaf.key else { continue }
            parent.children[key] = nil
            count -= 1
            guard parent.children.isEmpty, parent.block != nil, parent.pins == 0 else { continue }
            let place = leaves.lastIndex { $0.lastUse >= parent.lastUse }.map { $0 + 1 } ?? 0
            leaves.insert(parent, at: place)
        }
    }

    /// Forgets everything of an adapter version.
    mutating func remove(adapter: Int) {
        guard let root = roots.removeValue(forKey: adapter) else { return }
        var open = Array(root.children.values)
        while let node = open.popLast() {
            count -= 1
            open += node.children.values
        }
    }

    private static func key(_ tokens: [Int32], _ block: Int, _ tenant: String, _ shared: Int) -> Key {
        let range = block * KeyValueBlock.positions..<(block + 1) * KeyValueBlock.positions
        return Key(tokens: Array(tokens[range]), tenant: range.upperBound <= shared ? nil : tenant)
    }
}
