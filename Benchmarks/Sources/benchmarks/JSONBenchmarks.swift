import ChatAPI
import Foundation

/// Reading a request's body: the gateway's own reader, and Foundation's beside it.
enum JSONBenchmarks {
    static func run() -> [Row] {
        var rows: [Row] = []
        for size in [1, 8, 32, 128, 10 << 10] {
            for kind in Texts.Kind.allCases where kind == .plain || kind == .escapes || size == 128 {
                rows.append(request("ChatRequest, \(kind) \(label(size))", Texts.chat(kind, bytes: size << 10)))
            }
        }
        rows.append(request("ChatRequest, 32 tools", Texts.tools(32)))
        for size in [1, 128] {
            for kind in Texts.Kind.allCases where kind == .plain || kind == .escapes {
                rows += rivals("\(kind) \(label(size))", Texts.chat(kind, bytes: size << 10))
            }
        }
        rows += rivals("32 tools", Texts.tools(32))
        return rows
    }

    private static func request(_ name: String, _ body: [UInt8]) -> Row {
        let measurement = Measurement { (try? ChatRequest(body))?.messages.count ?? 0 }
        return Row(name: name, measurement: measurement, bytes: body.count)
    }

    private static func rivals(_ name: String, _ body: [UInt8]) -> [Row] {
        let data = Data(body)
        let serialization = Measurement {
            ((try? JSONSerialization.jsonObject(with: data)) as? [String: Any])?.count ?? 0
        }
        let decoder = JSONDecoder()
        let decoding = Measurement { (try? decoder.decode(Decoded.self, from: data))?.messages.count ?? 0 }
        return [
            Row(name: "rival: JSONSerialization, \(name)", measurement: serialization, bytes: body.count),
            Row(name: "rival: JSONDecoder, \(name)", measurement: decoding, bytes: body.count),
        ]
    }

    private static func label(_ kilobytes: Int) -> String {
        kilobytes < 1024 ? "\(kilobytes) KB" : "\(kilobytes / 1024) MB"
    }

    private struct Decoded: Decodable {
        struct Message: Decodable {
            let role: String
            let content: String
        }
        let model: String
        let messages: [Message]
    }
}
