import AdapterKit
import DeviceProfiles
import EnergyModel
@testable import ModbusAdapter
import ModbusTestSupport
import Testing

@Suite("Writes that change bits, and writes to difficult devices", .timeLimit(.minutes(1)))
struct BitWriteTests {
  private func fixture(_ port: UInt16, transport: String = "") throws -> LinkFixture {
    try LinkFixture(.tcp(host: "127.0.0.1", port: port), text: meterText(transport: transport))
  }

  @Test("The other bits of the register never change, and nothing goes to the device between the read and the write")
  func readModifyWrite() async throws {
    let server = try #require(ModbusServer.tcp())
    defer { server.stop() }
    server.setHolding(50, 0xA5F0)
    let fixture = try fixture(server.port)
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .online })
    let link = fixture.link
    await withThrowingTaskGroup(of: Void.self) { group in
      for bit in 0..<4 as Range<UInt16> {
        group.addTask {
          try await link.execute(
            [.modifyRegister(address: 50, mask: 1 << bit, value: 1 << bit, function: bit < 2 ? .single : .multiple)],
            on: unit1)
        }
        group.addTask { try await link.refresh(unit1) }
      }
    }
    #expect(server.holding(50) == 0xA5FF)
    let requests = server.requests
    for index in requests.indices where requests[index].function == 6 || requests[index].function == 16 {
      #expect(requests[index - 1].function == 3 && requests[index - 1].address == 50)
      #expect(requests[index - 1].count == 1)
    }
    #expect(requests.count { $0.function == 6 } == 2 && requests.count { $0.function == 16 } == 2)
    await fixture.link.stop()
  }

  @Test("A device with FC 22 changes the bits itself")
  func maskWrite() async throws {
    let server = try #require(ModbusServer.tcp())
    defer { server.stop() }
    server.setHolding(50, 0xA5F0)
    let fixture = try fixture(server.port)
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .online })
    try await fixture.link.execute(
      [.modifyRegister(address: 50, mask: 0x00FF, value: 0x0012, function: .maskWrite)], on: unit1)
    #expect(server.holding(50) == 0xA512)
    #expect(!server.requests.contains { $0.address == 50 && $0.function == 3 })
    await fixture.link.stop()
  }

  @Test("When the register cannot be read, nothing was written, and the fault says so")
  func unreadable() async throws {
    let server = FaultServer()
    defer { server.stop() }
    let fixture = try fixture(server.port)
    await fixture.link.start()
    for (fault, kind) in [
      (FaultServer.Fault.exception(2), CommandFault.Kind.refused), (.silence, .notSent), (.exception(11), .notSent),
    ] {
      server.setRule { _ in .none }
      #expect(await fixture.advance { $0.state(unit1) == .online })
      server.forgetRequests()
      server.setRule { $0.address == 50 ? fault : .none }
      let thrown = await #expect(throws: CommandFault.self) {
        try await fixture.link.execute(
          [.modifyRegister(address: 50, mask: 1, value: 1, function: .single)], on: unit1)
      }
      #expect(thrown?.kind == kind)
      #expect(thrown?.message.contains("FC6 holding 50 = [read & 0xFFFE | 0x0001]") == true)
      #expect(!server.requests.contains { $0.function == 6 })
    }
    await fixture.link.stop()
  }

  @Test("A busy device gets the write again after a pause, a few times")
  func busy() async throws {
    let server = FaultServer()
    defer { server.stop() }
    let fixture = try fixture(server.port)
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .online })
    server.setRule { $0.function == 6 ? .exception(6) : .none }
    let link = fixture.link
    let refused = Task { () -> CommandFault? in
      do throws(CommandFault) {
        try await link.execute([.writeRegisters(address: 7, values: [1], function: .single)], on: unit1)
      } catch {
        return error
      }
      return nil
    }
    #expect(await fixture.advance { _ in server.requests.count { $0.function == 6 } == LinkJob.busyLimit + 1 })
    #expect(await refused.value?.kind == .refused)
    server.forgetRequests()
    let taken = Task {
      try await link.execute([.modifyRegister(address: 7, mask: 1, value: 1, function: .single)], on: unit1)
    }
    #expect(await fixture.advance { _ in server.requests.contains { $0.function == 6 } })
    server.setRule { _ in .none }
    #expect(await fixture.advance { _ in server.requests.count { $0.function == 6 } == 2 })
    try await taken.value
    #expect(server.requests.filter { $0.address == 7 }.map(\.function) == [3, 6, 3, 6])
    await fixture.link.stop()
  }

  @Test("A malformed answer acknowledges a write where the profile says so, and never spoils the next answer")
  func tolerant() async throws {
    let server = FaultServer()
    defer { server.stop() }
    let tolerant = try fixture(server.port, transport: ", writeAnswer: tolerant")
    await tolerant.link.start()
    #expect(await tolerant.advance { $0.state(unit1) == .online })
    server.setRule { $0.function == 16 ? .wrongLength : .none }
    let write = WireOperation.writeRegisters(address: 7, values: [1, 2], function: .multiple)
    try await tolerant.link.execute([write, write], on: unit1)
    await tolerant.advance(by: .seconds(3))
    #expect(tolerant.sink.state.states(unit1) == [.online])
    server.setRule { $0.function == 16 ? .exception(4) : .none }
    let fault = await #expect(throws: CommandFault.self) { try await tolerant.link.execute([write], on: unit1) }
    #expect(fault?.kind == .refused)
    await tolerant.link.stop()
    let strict = try fixture(server.port)
    await strict.link.start()
    #expect(await strict.advance { $0.state(unit1) == .online })
    server.setRule { $0.function == 16 ? .wrongLength : .none }
    await #expect(throws: CommandFault.self) { try await strict.link.execute([write], on: unit1) }
    await strict.link.stop()
  }
}
