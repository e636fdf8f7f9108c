/// Settings taken apart into the keys and values of a configuration file, secrets masked.
///
/// It follows the settings' own properties, so that a new setting is part of it without another word.
indirect enum SettingsOutline: Equatable {
    case text(String)
    case list([SettingsOutline])
    case mapping([Entry])

    struct Entry: Equatable {
        var key: String
        var value: SettingsOutline
    }

    /// What is written in place of a secret.
    static let mask = "[secret]"

    init(_ settings: GatewaySettings) {
        self = Self.value(settings, seconds: false) ?? .mapping([])
        guard case .mapping(var entries) = self else { return }
        // Where the settings came from is none of them.
        entries.removeAll { ["file", "lines"].contains($0.key) }
        Self.spreadListener(&entries)
        self = .mapping(entries)
    }

    /// What concerns the listeners stands in the file's root, and their limits among the others.
    private static func spreadListener(_ entries: inout [Entry]) {
        guard let place = entries.firstIndex(where: { $0.key == "listener" }),
            case .mapping(let listener) = entries.remove(at: place).value
        else { return }
        let own = ["threads": "threads", "tls": "tls", "cors_origins": "cors", "log": "log"]
        var limits = listener.filter { own[$0.key] == nil }
        entries += listener.compactMap { entry in
            let value =
                entry.key == "cors_origins" ? .mapping([Entry(key: "origins", value: entry.value)]) : entry.value
            return own[entry.key].map { Entry(key: $0, value: value) }
        }
        guard let place = entries.firstIndex(where: { $0.key == "limits" }),
            case .mapping(let others) = entries[place].value
        else { return }
        limits = others + limits
        entries[place].value = .mapping(limits)
    }

    private static func value(_ any: Any, seconds: Bool) -> SettingsOutline? {
        let mirror = Mirror(reflecting: any)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.flatMap { value($0.value, seconds: seconds) }
        case .collection: return collection(mirror.children.map(\.value))
        case .set:
            return .list(mirror.children.compactMap { value($0.value, seconds: false) }.sorted { "\($0)" < "\($1)" })
        case .dictionary: return dictionary(mirror)
        case .enum: return enumeration(any, mirror)
        default: break
        }
        if any is Secret { return .text(mask) }
        if let number = any as? Double { return .text(Int(exactly: number).map(String.init) ?? "\(number)") }
        if let text = any as? any CustomStringConvertible { return .text(text.description) }
        return structure(mirror)
    }

    private static func structure(_ mirror: Mirror) -> SettingsOutline? {
        let isLimits = mirror.subjectType == LimitSettings.self || mirror.subjectType == ListenerSettings.self
        var entries: [Entry] = []
        for child in mirror.children {
            guard let label = child.label, !(label == "key" && mirror.subjectType == TaskSetting.self),
                let value = value(child.value, seconds: isLimits)
            else { continue }
            let unit = isLimits && child.value is Double ? "_seconds" : ""
            entries.append(Entry(key: key(label) + unit, value: value))
        }
        return entries.isEmpty ? nil : .mapping(entries)
    }

    /// Cases without values by their names, others as a mapping of one key.
    private static func enumeration(_ any: Any, _ mirror: Mirror) -> SettingsOutline? {
        if let raw = (any as? any RawRepresentable)?.rawValue as? String { return .text(raw) }
        if let text = any as? any CustomStringConvertible { return .text(text.description) }
        guard let child = mirror.children.first, let label = child.label else { return .text(key("\(any)")) }
        return value(child.value, seconds: false).map { .mapping([Entry(key: key(label), value: $0)]) }
    }

    /// What has names is a mapping by name, as in the file.
    private static func collection(_ items: [Any]) -> SettingsOutline? {
        guard !items.isEmpty else { return nil }
        var named: [Entry] = []
        for item in items {
            let children = Mirror(reflecting: item).children
            guard let name = children.first(where: { $0.label == "name" })?.value as? String else {
                return .list(items.compactMap { value($0, seconds: false) })
            }
            let rest = children.filter { $0.label != "name" }
            if Mirror(reflecting: item).displayStyle == .tuple, let only = rest.first, rest.count == 1 {
                named.append(Entry(key: name, value: value(only.value, seconds: false) ?? .mapping([])))
            } else if case .mapping(let entries) = structure(Mirror(reflecting: item)) ?? .mapping([]) {
                named.append(Entry(key: name, value: .mapping(entries.filter { $0.key != "name" })))
            }
        }
        return .mapping(named)
    }

    private static func dictionary(_ mirror: Mirror) -> SettingsOutline? {
        let entries = mirror.children.compactMap { child -> Entry? in
            let pair = Mirror(reflecting: child.value).children.map(\.value)
            guard pair.count == 2, let name = pair[0] as? String, let value = value(pair[1], seconds: false) else {
                return nil
            }
            return Entry(key: name, value: value)
        }
        return entries.isEmpty ? nil : .mapping(entries.sorted { $0.key < $1.key })
    }

    /// Properties whose keys are other words.
    private static let written = [
        "window": "of", "rest": "rest_seconds", "kind": "type", "allowsHTTP2": "http2",
    ]

    /// The file's spelling of a property: `baseURL` is `base_url`.
    static func key(_ property: String) -> String {
        if let written = written[property] { return written }
        var result = ""
        var last: Character?
        for character in property {
            if character.isUppercase, let last, last.isLowercase || last.isNumber { result += "_" }
            result += character.lowercased()
            last = character
        }
        return result
    }
}
