/// Where each packed matrix of a model lies in one piece of memory; the same for every processor.
struct PackedPlaces: Sendable {
    /// A matrix: its shape, its place, and the weights that it is made from.
    struct Place: Sendable {
        let outputs: Int
        let inputs: Int
        let precision: WeightPrecision
        let offset: Int
        let sources: [Range<Int>]
    }

    let embedding: Place
    let layers: [[Place]]
    let head: Place
    /// Bytes of all matrices.
    let count: Int

    /// Places the matrices of a model of this shape.
    init(_ config: ModelConfig, precision: WeightPrecision) {
        let layout = ModelLayout(config)
        var next = 0
        func place(_ sources: [Range<Int>], inputs: Int, _ precision: WeightPrecision) -> Place {
            let outputs = sources.reduce(0) { $0 + $1.count / inputs }
            let place = Place(
                outputs: outputs, inputs: inputs, precision: precision, offset: next, sources: sources)
            next += (precision.bytes(outputs: outputs, inputs: inputs) + 63) / 64 * 64
            return place
        }
        layers = layout.layers.map { layer in
            PackedWeights.fused.map { projections in
                place(
                    projections.map { layer.range(of: $0) }, inputs: projections[0].shape(in: config).inputs, precision)
            }
        }
        head = place([layout.head], inputs: config.hiddenSize, precision.ofHead)
        embedding =
            config.tiesEmbeddings ? head : place([layout.embedding], inputs: config.hiddenSize, precision.ofHead)
        count = next
    }

    /// The matrix at its place in a memory.
    func matrix(_ place: Place, in memory: AlignedMemory) -> PackedMatrix {
        PackedMatrix(
            outputs: place.outputs, inputs: place.inputs, precision: place.precision, memory: memory,
            offset: place.offset)
    }

    /// Packs every matrix, one after the other; `values` gives the parameters at a place of the layout, or consecutive
    /// elements of one.
    func pack(_ values: (Range<Int>) -> ArraySlice<Float>, into memory: AlignedMemory, team: ThreadTeam) {
        var places = layers.flatMap { $0 } + [head]
        if embedding.offset != head.offset { places.append(embedding) }
        for place in places {
            let matrix = matrix(place, in: memory)
            guard place.sources.count == 1, place.offset == head.offset || place.offset == embedding.offset else {
                matrix.pack(place.sources.map(values), team: team)
                continue
            }
            // Far the largest: never float32 as a whole.
            let start = place.sources[0].lowerBound
            matrix.pack(inPieces: { values(start + $0.lowerBound..<start + $0.upperBound) }, team: team)
        }
    }
}
