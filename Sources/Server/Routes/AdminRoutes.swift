import ChatAPI
import Experimentation
import Foundation
import Gateway
import Ledger

/// What operators do: look at the tasks, set their modes, pull the kill switch.
struct AdminRoutes: Sendable {
    let live: LiveGateway
    var actions = AdminActions()
    /// Who the ledger's history says it was.
    private let who = "admin"

    private var gateway: GatewayService { live.current }

    private struct Overview: Encodable {
        let killSwitch: Bool
        let tasks: [TaskStatus]

        enum CodingKeys: String, CodingKey {
            case killSwitch = "kill_switch"
            case tasks
        }
    }

    private struct Change: Encodable {
        let time: String
        let task: String?
        let old: String
        let new: String
        let who: String
    }

    func tasks(_ request: Received) -> ClientReply {
        reply(Overview(killSwitch: gateway.flags.killSwitch, tasks: gateway.tasks()), request)
    }

    func changes(_ request: Received) async -> ClientReply {
        do throws(LedgerError) {
            let changes = try await gateway.modeChanges(limit: 100).map { change in
                let task: String? = if case .task(let name) = change.subject { name } else { nil }
                return Change(
                    time: change.time.formatted(.iso8601), task: task, old: change.old, new: change.new,
                    who: change.who)
            }
            return reply(["changes": changes], request)
        } catch {
            return ClientReply(.overloaded("The ledger cannot be read: \(error.message)"), requestID: request.id)
        }
    }

    /// `{"mode": "off" | "audit" | "canary:N" | "on"}`.
    func setMode(_ request: Received, task: String) async -> ClientReply {
        guard let text = member("mode", of: request)?.string?.text else {
            return refuse("Send {\"mode\": \"on\"}; the modes are \(Mode.allowedForms).", request, param: "mode")
        }
        do {
            let mode = try Mode(text: text)
            return reply(try await gateway.setMode(mode, of: task, by: who), request)
        } catch let error as ModeError {
            return refuse("\(error).", request, param: "mode")
        } catch {
            return failure(error, request)
        }
    }

    /// `{"on": true | false}`.
    func setKillSwitch(_ request: Received) async -> ClientReply {
        guard let isOn = member("on", of: request)?.bool else {
            return refuse("Send {\"on\": true} or {\"on\": false}.", request, param: "on")
        }
        do {
            try await gateway.setKillSwitch(isOn, by: who)
            return tasks(request)
        } catch {
            return failure(error, request)
        }
    }

    /// 200 with what needs a restart, or 422 with what is wrong.
    func reload(_ request: Received) async -> ClientReply {
        guard let reload = actions.reload else { return ClientReply(.internalError, requestID: request.id) }
        let report = await reload()
        return reply(report, request, status: report.isTakenOver ? 200 : 422)
    }

    func metrics(_ request: Received) -> ClientReply {
        guard let metrics = actions.metrics else { return ClientReply(.internalError, requestID: request.id) }
        let body = Array(metrics().utf8)
        return ClientReply(
            status: 200,
            headers: [
                ("content-type", "text/plain; version=0.0.4; charset=utf-8"), ("content-length", String(body.count)),
            ], body: ReplyStream(body))
    }

    private func member(_ name: StaticString, of request: Received) -> JSONValue? {
        guard let document = try? JSONDocument(request.body) else { return nil }
        return document.root[name]
    }

    private func refuse(_ message: String, _ request: Received, param: String) -> ClientReply {
        ClientReply(.invalidRequest(message, param: param), requestID: request.id)
    }

    private func failure(_ error: any Error, _ request: Received) -> ClientReply {
        switch (error as? GatewayError)?.code {
        case .unknownTask:
            ClientReply(
                APIError(status: 404, message: "\(error)", type: "invalid_request_error", code: "unknown_task"),
                requestID: request.id)
        case .notPersisted: ClientReply(.overloaded("\(error)", retryAfter: nil), requestID: request.id)
        default: ClientReply(.internalError, requestID: request.id)
        }
    }

    private func reply(_ value: some Encodable, _ request: Received, status: Int = 200) -> ClientReply {
        ClientReply(encoding: value, status: status, requestID: request.id)
    }
}
