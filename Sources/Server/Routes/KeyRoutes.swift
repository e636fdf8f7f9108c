import Access
import ChatAPI
import Foundation
import Gateway
import Ledger

/// What operators do with keys: look at them, make, rotate and revoke them. A token is shown once, by what made it.
struct KeyRoutes: Sendable {
    let ring: KeyRing

    var routes: [RouteTable.Route] {
        [
            RouteTable.Route("GET", "/admin/keys", access: .open) { request, _ in await list(request) },
            RouteTable.Route("POST", "/admin/keys", access: .open) { request, _ in await create(request) },
            RouteTable.Route("DELETE", "/admin/keys/{id}", access: .open) { request, parameters in
                await answer(request) { () async throws(AccessError) in
                    KeyView(try await ring.revoke(parameters["id"] ?? ""))
                }
            },
            RouteTable.Route("POST", "/admin/keys/{id}/rotate", access: .open) { request, parameters in
                await rotate(request, parameters["id"] ?? "")
            },
        ]
    }

    private func list(_ request: Received) async -> ClientReply {
        await answer(request) { () async throws(AccessError) in
            ["keys": try await ring.reports().map { KeyView($0.key, used: $0) }]
        }
    }

    private func create(_ request: Received) async -> ClientReply {
        let policy: KeyPolicy
        do throws(APIError) {
            policy = try KeyRequest(request.body).policy()
        } catch {
            return ClientReply(error, requestID: request.id)
        }
        return await answer(request, status: 201) { () async throws(AccessError) in
            let issued = try await ring.create(policy)
            return KeyView(issued.record, token: issued.token.text)
        }
    }

    /// `{"grace": "24h"}`, or no body for no grace.
    private func rotate(_ request: Received, _ id: String) async -> ClientReply {
        var grace = 0.0
        if !request.body.isEmpty {
            guard let document = try? JSONDocument(request.body), let text = document.root["grace"]?.string?.text,
                let seconds = KeyTime.seconds(text)
            else {
                return ClientReply(
                    .invalidRequest("Send {\"grace\": \"24h\"}: \(KeyTime.spanForms).", param: "grace"),
                    requestID: request.id)
            }
            grace = seconds
        }
        return await answer(request) { () async throws(AccessError) in
            let issued = try await ring.rotate(id, grace: grace)
            return KeyView(issued.record, token: issued.token.text)
        }
    }

    private func answer(
        _ request: Received, status: Int = 200, _ body: () async throws(AccessError) -> some Encodable
    ) async -> ClientReply {
        do throws(AccessError) {
            return ClientReply(
                encoding: try await body(), status: status, requestID: request.id,
                headers: [("cache-control", "no-store")])
        } catch {
            return ClientReply(APIError(error), requestID: request.id)
        }
    }
}

extension APIError {
    /// What an operator is told about a key that could not be made or changed.
    init(_ error: AccessError) {
        let (status, code) =
            switch error.code {
            case .invalid: (400, "invalid_key")
            case .unknownKey: (404, "unknown_key")
            case .nameTaken, .revoked: (409, error.code == .revoked ? "key_revoked" : "name_taken")
            case .cannotOpen, .notAKeyStore, .store: (503, "key_store_unavailable")
            }
        self.init(
            status: status, message: error.message, type: status == 503 ? "server_error" : "invalid_request_error",
            code: code)
    }
}
