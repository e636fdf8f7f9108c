import CKernels

/// The weights [outputs, inputs] of linear layers over one input, packed for the vector products.
@safe struct PackedMatrix: Sendable {
    let outputs: Int
    let inputs: Int
    let precision: WeightPrecision
    let memory: AlignedMemory
    let offset: Int

    /// The matrix that lies, or will lie, at `offset` of the memory.
    init(outputs: Int, inputs: Int, precision: WeightPrecision, memory: AlignedMemory, offset: Int) {
        precondition(offset + precision.bytes(outputs: outputs, inputs: inputs) <= memory.count)
        self.outputs = outputs
        self.inputs = inputs
        self.precision = precision
        self.memory = memory
        self.offset = offset
    }

    /// Packs row-major weights, for instance those of q, k and v one below the other.
    init(_ parts: [ArraySlice<Float>], inputs: Int, precision: WeightPrecision, team: ThreadTeam = .single) {
        let outputs = parts.reduce(0) { $0 + $1.count / inputs }
        self.init(
            outputs: outputs, inputs: inputs, precision: precision,
            memory: AlignedMemory(count: precision.bytes(outputs: outputs, inputs: inputs)), offset: 0)
        pack(parts, team: team)
    }

    /// Its bytes, up to where another matrix may begin.
    var alignedBytes: Int { (precision.bytes(outputs: outputs, inputs: inputs) + 63) / 64 * 64 }

    /// A matrix of the same shape elsewhere, to be filled.
    func moved(to memory: AlignedMemory, at offset: Int) -> PackedMatrix {
        PackedMatrix(outputs: outputs, inputs: inputs, precision: precision, memory: memory, offset: offset)
    }

    /// Fills the memory from row-major weights.
    func pack(_ parts: [ArraySlice<Float>], team: ThreadTeam) {
        precondition(parts.reduce(0) { $0 + $1.count } == outputs * inputs, "the parts do not make up the matrix")
        pack(parts, panel: 0, rows: outputs, team: team)
    }

    /// Fills the memory from the row-major weights of one parameter, asked for in pieces of so many bytes, or one
    /// panel.
    func pack(
        inPieces values: (Range<Int>) -> ArraySlice<Float>, of bytes: Int = 16 << 20, team: ThreadTeam
    ) {
        let share = max(16, bytes / 4 / inputs / 16 * 16)
        for first in stride(from: 0, to: outputs, by: share) {
            let rows = min(share, outputs - first)
            pack([values(first * inputs..<(first + rows) * inputs)], panel: first / 16, rows: rows, team: team)
        }
    }

    /// Fills consecutive panels from `first` on with so many rows.
    private func pack(_ parts: [ArraySlice<Float>], panel first: Int, rows outputs: Int, team: ThreadTeam) {
        let panels = (outputs + 15) / 16
        let panelBytes = precision.panelBytes(inputs: inputs)
        let share = max(1, (panels + team.threads * 8 - 1) / (team.threads * 8))
        team.run(parts: (panels + share - 1) / share) { part in
            for panel in part * share..<min((part + 1) * share, panels) {
                let rows = min(16, outputs - panel * 16)
                let weights = Self.rows(panel * 16..<panel * 16 + rows, of: parts, inputs: inputs)
                unsafe pi_pack_panel(
                    precision.format, memory.base + offset + (first + panel) * panelBytes, weights, inputs, rows, inputs
                )
            }
        }
    }

    private static func rows(_ range: Range<Int>, of parts: [ArraySlice<Float>], inputs: Int) -> [Float] {
        var weights: [Float] = []
        weights.reserveCapacity(range.count * inputs)
        var first = 0
        for part in parts {
            let count = part.count / inputs
            let wanted = range.clamped(to: first..<first + count)
            if !wanted.isEmpty {
                let start = part.startIndex - first * inputs
                weights += part[start + wanted.lowerBound * inputs..<start + wanted.upperBound * inputs]
            }
            first += count
        }
        return weights
    }

    /// Writes the weights that the packed ones stand for in one output: `inputs` floats.
    func unpack(row: Int, into target: UnsafeMutablePointer<Float>) {
        precondition((0..<outputs).contains(row))
        let panel = unsafe memory.base + offset + row / 16 * precision.panelBytes(inputs: inputs)
        unsafe pi_unpack_row(precision.format, target, panel, row % 16, inputs)
    }
}
