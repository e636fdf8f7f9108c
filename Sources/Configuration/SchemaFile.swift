public import PromptSchema

/// Reads a task's `schema.yaml`, with its template files and its example bank (docs/prompt-schema.md).
public enum SchemaFile {
    /// The schema in the file at `path`; template files and banks are looked up in the file's folder.
    public static func load(path: String) throws(ConfigurationError) -> Schema {
        try SchemaFileReader(root: YAMLReader.load(path: path)).schema()
    }
}
