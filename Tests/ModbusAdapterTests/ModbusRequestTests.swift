import AdapterKit
import DeviceProfiles
@testable import ModbusAdapter
import Testing

@Suite("A Modbus request")
struct ModbusRequestTests {
  private func read(_ table: RegisterTable, _ address: UInt16, _ count: UInt16) -> ModbusRequest {
    .read(RegisterRange(table: table, address: address, count: count))
  }

  @Test("is encoded as the standard's examples say")
  func encoding() throws {
    #expect(try read(.coil, 0x13, 0x13).encoded() == [1, 0, 0x13, 0, 0x13])
    #expect(try read(.discrete, 0xC4, 0x16).encoded() == [2, 0, 0xC4, 0, 0x16])
    #expect(try read(.holding, 0x6B, 3).encoded() == [3, 0, 0x6B, 0, 3])
    #expect(try read(.input, 8, 1).encoded() == [4, 0, 8, 0, 1])
    #expect(try ModbusRequest.writeCoil(address: 0xAC, value: true).encoded() == [5, 0, 0xAC, 0xFF, 0])
    #expect(
      try ModbusRequest.writeRegisters(address: 1, values: [3], function: .single).encoded() == [6, 0, 1, 0, 3])
    #expect(
      try ModbusRequest.writeRegisters(address: 1, values: [0x0A, 0x102], function: .multiple).encoded()
        == [16, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2])
  }

  @Test("decodes the answers of the standard's examples")
  func decoding() throws {
    #expect(try read(.holding, 0x6B, 3).decode([3, 6, 2, 0x2B, 0, 0, 0, 0x64]) == [0x22B, 0, 0x64])
    let bits = try read(.coil, 0x13, 0x13).decode([1, 3, 0xCD, 0x6B, 0x05])
    #expect(bits == [1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1])
    #expect(try ModbusRequest.writeCoil(address: 0xAC, value: true).decode([5, 0, 0xAC, 0xFF, 0]) == [])
  }

  @Test("never takes an answer that is not its own, whatever the bytes are")
  func foreignAnswers() {
    let request = read(.holding, 0, 2)
    let answers: [[UInt8]] = [
      [], [3], [3, 4], [3, 4, 0, 0, 0], [3, 5, 0, 0, 0, 0], [3, 4, 0, 0, 0, 0, 0], [4, 4, 0, 0, 0, 0], [0x83],
      [0x83, 2, 0],
    ]
    for answer in answers {
      let failure = #expect(throws: ModbusFailure.self) { try request.decode(answer) }
      if case .garbled = failure { continue }
      Issue.record("\(answer): \(String(describing: failure))")
    }
    #expect(throws: ModbusFailure.exception(2)) { try request.decode([0x83, 2]) }
    let write = ModbusRequest.writeRegisters(address: 1, values: [7], function: .single)
    #expect(throws: ModbusFailure.self) { try write.decode([6, 0, 1, 0, 8]) }
    var random = Seeded(state: 1)
    for _ in 0..<10_000 {
      let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      _ = try? read(.coil, 0, 9).decode(bytes)
      _ = try? request.decode(bytes)
    }
  }

  @Test("refuses what does not fit into a frame or into the tables")
  func limits() {
    #expect(throws: ModbusFailure.self) { try read(.holding, 0, 0).encoded() }
    #expect(throws: ModbusFailure.self) { try read(.holding, 0, 126).encoded() }
    #expect(throws: ModbusFailure.self) { try read(.coil, 0, 2001).encoded() }
    #expect(throws: ModbusFailure.self) { try read(.input, 65535, 2).encoded() }
    #expect(throws: Never.self) { try read(.input, 65535, 1).encoded() }
  }

  @Test("The share of a busy bus covers the last minute")
  func busyShare() {
    var meter = BusyMeter(start: .seconds(1000))
    for second in 1000..<1030 { meter.note(from: .seconds(second), to: .seconds(second) + .milliseconds(500)) }
    #expect(meter.share(at: .seconds(1030)) == 0.5)
    #expect(abs(meter.share(at: .seconds(1060)) - 0.25) < 0.01)
    #expect(meter.share(at: .seconds(1090)) < 0.01)
    #expect(meter.share(at: .seconds(1_000_000)) == 0)
  }
}
