/// The answer of `GET /v1/models`.
public struct ModelList: Hashable, Sendable {
    /// One model a client may name.
    public struct Model: Hashable, Sendable {
        /// The name to send as `model`.
        public let id: String
        /// The time it was made, in seconds since 1970.
        public let created: Int
        /// Whose it is.
        public let ownedBy: String

        /// A model.
        public init(id: String, created: Int, ownedBy: String) {
            self.id = id
            self.created = created
            self.ownedBy = ownedBy
        }

        /// The body of `GET /v1/models/{id}`.
        public var body: [UInt8] {
            var json = JSONWriter()
            write(to: &json)
            return json.bytes
        }

        func write(to json: inout JSONWriter) {
            json.object { json in
                json.member("id", id)
                json.member("object", "model")
                json.member("created", created)
                json.member("owned_by", ownedBy)
            }
        }
    }

    /// The models in the order in which they are listed.
    public let models: [Model]

    /// A list.
    public init(_ models: [Model]) {
        self.models = models
    }

    /// The body of `GET /v1/models`.
    public var body: [UInt8] {
        var json = JSONWriter(capacity: 64 + 96 * models.count)
        json.object { json in
            json.member("object", "list")
            json.array("data") { json in
                for model in models { model.write(to: &json) }
            }
        }
        return json.bytes
    }
}
