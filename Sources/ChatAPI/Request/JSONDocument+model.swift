/// The one field that requests to every endpoint share.
extension JSONDocument {
    /// The name under `model` in a request of any endpoint, and the bytes of its value; nil if there is no such field,
    /// it is no text, or it stands twice.
    public var model: (name: String, range: Range<Int>)? {
        var found: (name: String, range: Range<Int>)?
        for (key, value) in root.members where key == "model" {
            guard found == nil, let name = value.string?.text else { return nil }
            found = (name, value.range)
        }
        return found
    }

    /// The bytes with another model name; nil if there is no `model` to replace.
    public func replacingModel(with name: String) -> [UInt8]? {
        guard let model else { return nil }
        var edits = ByteEdits()
        edits.replace(model.range, with: JSONWriter.encoded(name))
        return edits.applied(to: bytes)
    }
}
