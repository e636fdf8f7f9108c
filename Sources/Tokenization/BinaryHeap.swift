/// A heap of values of which the least comes first.
struct BinaryHeap<Element: Comparable> {
    private var elements: [Element] = []

    /// Takes everything out and keeps the memory.
    mutating func removeAll() { elements.removeAll(keepingCapacity: true) }

    /// Adds a value.
    mutating func push(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0, elements[child] < elements[(child - 1) / 2] {
            elements.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the least value out; nil if there is none.
    mutating func pop() -> Element? {
        guard let top = elements.first, let last = elements.popLast() else { return nil }
        guard !elements.isEmpty else { return top }
        elements[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < elements.count else { return top }
            if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
            guard elements[child] < elements[parent] else { return top }
            elements.swapAt(child, parent)
            parent = child
        }
    }
}

extension BinaryHeap: Sendable where Element: Sendable {}
