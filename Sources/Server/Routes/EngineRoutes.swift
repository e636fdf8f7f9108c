import Access
import ChatAPI
import Foundation
import Gateway

/// What operators do with the embedded engines: look at them, and load, swap and unload adapters while they serve.
struct EngineRoutes: Sendable {
    /// Most bytes of an adapter's name.
    private static let longestName = 200
    private static let members: Set<String> = ["name", "folder", "sha256"]

    let actions: EngineActions

    var routes: [RouteTable.Route] {
        [
            RouteTable.Route("GET", "/admin/engines", access: .open) { request, _ in
                reply(["engines": actions.list()], request)
            },
            RouteTable.Route("POST", "/admin/engines/{engine}/adapters", access: .open) { request, parameters in
                await load(request, engine: parameters["engine"] ?? "")
            },
            RouteTable.Route("DELETE", "/admin/engines/{engine}/adapters/{+name}", access: .open) {
                request, parameters in
                await unload(request, engine: parameters["engine"] ?? "", name: parameters["name"] ?? "")
            },
        ]
    }

    /// `{"name": "...", "folder": "...", "sha256": "..."}`: 200 with the engine as it is then, or 422 with what is
    /// wrong.
    private func load(_ request: Received, engine: String) async -> ClientReply {
        do throws(APIError) {
            return await change(try Self.change(request.body, try status(engine)), request)
        } catch {
            return ClientReply(error, requestID: request.id)
        }
    }

    private func unload(_ request: Received, engine: String, name: String) async -> ClientReply {
        do throws(APIError) {
            guard try status(engine).adapters.contains(where: { $0.name == name }) else {
                throw Self.unknown("adapter", name)
            }
            return await change(AdapterChange(engine: engine, name: name, source: nil), request)
        } catch {
            return ClientReply(error, requestID: request.id)
        }
    }

    private func change(_ change: AdapterChange, _ request: Received) async -> ClientReply {
        let report = await actions.change(change)
        guard report.isTakenOver, let status = try? status(change.engine) else {
            return reply(report, request, status: 422)
        }
        return reply(status, request)
    }

    private func status(_ engine: String) throws(APIError) -> EngineStatus {
        guard let status = actions.list().first(where: { $0.name == engine }) else {
            throw Self.unknown("engine", engine)
        }
        return status
    }

    private static func change(_ body: [UInt8], _ engine: EngineStatus) throws(APIError) -> AdapterChange {
        guard let document = try? JSONDocument(body), document.root.kind == .object else {
            throw .invalidRequest(#"Send an object such as {"name": "team-a", "folder": "adapters/team-a"}."#)
        }
        let root = document.root
        for member in root.members {
            guard let name = member.key.text, members.contains(name) else {
                throw .invalidRequest("An adapter has these members: \(members.sorted().joined(separator: ", ")).")
            }
        }
        guard let name = root["name"]?.string?.text, (1...longestName).contains(name.utf8.count),
            name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw .invalidRequest("name must be 1 to \(longestName) bytes without control characters.", param: "name")
        }
        guard name != engine.baseName else {
            throw .invalidRequest("name must be another than the base model's.", param: "name")
        }
        guard let folder = root["folder"]?.string?.text, !folder.isEmpty, !folder.utf8.contains(0) else {
            throw .invalidRequest("folder must be the path of a PEFT adapter folder.", param: "folder")
        }
        var hash: String?
        if let given = root["sha256"], !given.isNull {
            guard let text = given.string?.text, KeyHash.isHexadecimal(text) else {
                throw .invalidRequest("sha256 must be 64 hexadecimal digits.", param: "sha256")
            }
            hash = text
        }
        return AdapterChange(engine: engine.name, name: name, source: .init(folder: folder, sha256: hash))
    }

    private static func unknown(_ what: String, _ name: String) -> APIError {
        APIError(
            status: 404, message: "There is no \(what) named '\(name.prefix(100))'.", type: "invalid_request_error",
            code: "unknown_\(what)")
    }

    private func reply(_ value: some Encodable, _ request: Received, status: Int = 200) -> ClientReply {
        ClientReply(encoding: value, status: status, requestID: request.id)
    }
}
