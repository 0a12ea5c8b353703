import EnergyModel
import Foundation
import LocalAPISchema
import Testing

@Suite struct SchemaTests {
  private func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  @Test("Times are RFC 3339 with milliseconds, and any offset is read")
  func times() throws {
    let time = Timestamp(milliseconds: 1_777_629_600_213)
    #expect(try text([time]) == "[\"2026-05-01T10:00:00.213Z\"]")
    let read = try JSONDecoder().decode([Timestamp].self, from: Data("[\"2026-05-01T12:00:00.213+02:00\"]".utf8))
    #expect(read == [time])
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([Timestamp].self, from: Data("[\"yesterday\"]".utf8))
    }
  }

  @Test("A scalar keeps its kind, and what JSON cannot carry becomes null")
  func scalars() throws {
    let values: [ScalarValue] = [.number(2500), .number(0.5), .flag(true), .text("1"), .null]
    #expect(try text(values) == "[2500,0.5,true,\"1\",null]")
    #expect(try JSONDecoder().decode([ScalarValue].self, from: Data("[2500,0.5,true,\"1\",null]".utf8)) == values)
    #expect(try text([ScalarValue.number(.nan), .number(.infinity)]) == "[null,null]")
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([ScalarValue].self, from: Data("[[1]]".utf8)) }
  }

  @Test("An unknown total is null and not absent")
  func unknownTotal() throws {
    let metric = UsageMetric(total: nil, unit: "Wh", coverage: 0, series: [])
    #expect(try text(metric) == "{\"coverage\":0,\"series\":[],\"total\":null,\"unit\":\"Wh\"}")
    #expect(try JSONDecoder().decode(UsageMetric.self, from: Data(text(metric).utf8)) == metric)
  }

  @Test("A journaled command shows its life and says when nothing more can happen")
  func commands() throws {
    var record = CommandRecord(
      id: "cmd_1", deviceID: "battery-1", name: CommandName(kind: .battery, verb: "charge"),
      input: ["powerW": .number(2500)], durationSeconds: 60, actor: "local:0", idempotencyKey: nil, requestDigest: "",
      createdAt: Timestamp(milliseconds: 0))
    record.status = .confirmed
    record.leaseExpiresAt = Timestamp(milliseconds: 60_000)
    #expect(CommandResource(record).isTerminal == false)
    #expect(CommandResource(record).isSettled)
    record.leaseExpiresAt = nil
    #expect(CommandResource(record).isTerminal)
    #expect(CommandResource(record).command == "battery:charge")
  }

  @Test("The socket is found by the variable, then the service's, then the demo's")
  func sockets() {
    #expect(SocketLocations.candidates(environment: ["HEDDLE_SOCKET": "/x"], userID: 7) == ["/x"])
    #expect(
      SocketLocations.candidates(environment: ["XDG_RUNTIME_DIR": "/run/user/7"], userID: 7) == [
        "/run/heddle/heddle.sock", "/run/user/7/heddle-demo/heddle.sock", "/tmp/heddle-demo-7/heddle.sock",
      ])
    #expect(
      SocketLocations.candidates(environment: [:], userID: 7) == [
        "/run/heddle/heddle.sock", "/tmp/heddle-demo-7/heddle.sock",
      ])
  }

  @Test("Refusals of commands have the status that their cause asks for")
  func commandErrors() {
    #expect(APIError.status(for: .outOfRange) == 422)
    #expect(APIError.status(for: .unsupportedParameter) == 422)
    #expect(APIError.status(for: .deviceOffline) == 409)
    #expect(APIError.status(for: .deviceStale) == 409)
    #expect(APIError.status(for: .quotaExhausted) == 429)
  }
}
