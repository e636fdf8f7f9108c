import Foundation

/// The package as it stands on disk, read by paths relative to its root folder.
struct Repository {
    /// The folder that holds `Package.swift`.
    let root: URL

    init() {
        var folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        let files = FileManager.default
        while folder.path != "/", !files.fileExists(atPath: folder.appending(path: "Package.swift").path) {
            folder = folder.deletingLastPathComponent()
        }
        root = folder
    }

    /// The text of one file, by its path from the root; throws if it is absent or not UTF-8.
    func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Every file under a folder whose name ends in one of the extensions, sorted by path; build folders left out.
    func files(under folder: String, endingIn extensions: Set<String>) throws -> [SourceFile] {
        try paths(under: folder)
            .filter { extensions.contains(($0 as NSString).pathExtension) }
            .map { SourceFile(path: $0, text: try text($0)) }
    }

    /// The paths of every regular file under a folder, from the root, sorted; hidden build folders left out.
    func paths(under folder: String) -> [String] {
        let start = root.appending(path: folder).resolvingSymlinksInPath()
        let keys: [URLResourceKey] = [.isRegularFileKey]
        guard let walk = FileManager.default.enumerator(at: start, includingPropertiesForKeys: keys) else { return [] }
        var found: [String] = []
        for case let url as URL in walk {
            let name = url.lastPathComponent
            if name == ".git" || name == "__pycache__" || name.hasPrefix(".build") {
                walk.skipDescendants()
                continue
            }
            guard (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true else { continue }
            let inside = url.path.dropFirst(start.path.count).drop { $0 == "/" }
            found.append(folder == "." ? String(inside) : folder + "/" + inside)
        }
        return found.sorted()
    }

    /// The files git would commit (tracked, or new and not ignored); every file on disk where there is no git.
    func committedPaths() -> [String] {
        git(["ls-files", "--cached", "--others", "--exclude-standard"]) ?? paths(under: ".")
    }

    /// The files git tracks, or nil where there is no git.
    func trackedPaths() -> [String]? { git(["ls-files"]) }

    private func git(_ arguments: [String]) -> [String]? {
        guard FileManager.default.fileExists(atPath: root.appending(path: ".git").path) else { return nil }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["git", "-C", root.path] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let text = String(data: bytes, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").map(String.init)
    }
}
