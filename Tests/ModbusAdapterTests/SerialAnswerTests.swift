import DeviceProfiles
import Glibc
import ModbusAdapter
import ModbusTestSupport
import Testing

@Suite("Answers on a serial line", .enabled(if: SerialPair.isPossible, "socat is not installed"))
struct SerialAnswerTests {
  /// Answers with the register's address; unit 1 takes its time.
  private static func serve(_ path: String, lateMilliseconds: CInt) {
    startThread {
      let line = open(path, O_RDWR | O_NOCTTY)
      guard line >= 0 else { return }
      var rest: [UInt8] = []
      while true {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(line, &buffer, buffer.count)
        guard count > 0 else { break }
        rest += buffer.prefix(count)
        while rest.count >= 8 {
          let request = Array(rest.prefix(8))
          rest.removeFirst(8)
          var answer: [UInt8] = [request[0], request[1], 2, request[2], request[3]]
          let check = crc16(answer)
          answer += [UInt8(check & 0xFF), UInt8(check >> 8)]
          startThread { [answer] in
            poll(nil, 0, request[0] == 1 ? lateMilliseconds : 250)
            _ = write(line, answer, answer.count)
          }
        }
      }
      close(line)
    }
  }

  /// The checksum of Modbus RTU, written anew.
  private static func crc16(_ bytes: [UInt8]) -> UInt16 {
    bytes.reduce(0xFFFF) { sum, byte in
      (0..<8).reduce(sum ^ UInt16(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xA001 : value >> 1 }
    }
  }

  private static func reader(_ pair: SerialPair) throws -> ModbusReader {
    try ModbusReader(
      ModbusLinkConfiguration(name: "line", medium: .rtu(.init(device: pair.client))), loops: LinkFixture.loops)
  }

  private static func range(_ address: UInt16) -> RegisterRange {
    RegisterRange(table: .holding, address: address, count: 1)
  }

  @Test("An answer that comes while another unit is asked is passed over, and costs that unit nothing")
  func otherUnit() async throws {
    let pair = try #require(await SerialPair.make())
    defer { pair.stop() }
    Self.serve(pair.server, lateMilliseconds: 300)
    let reader = try Self.reader(pair)
    for address in 100..<103 as Range<UInt16> {
      await #expect(throws: ModbusReadFailure.self) {
        try await reader.read(Self.range(address), unit: 1, timeout: .milliseconds(100))
      }
      // Asked at about 150 ms, answered at about 400 ms; the late answer comes at 300 ms.
      #expect(try await reader.read(Self.range(address + 50), unit: 2, timeout: .seconds(2)) == [address + 50])
    }
  }

  /// In a process of its own: libmodbus's `select` aborts any process that has so many descriptors open.
  @Test(
    "A line works on a descriptor beyond 1023",
    .enabled(if: OpenFiles.hardLimit >= 2048, "the hard limit of open files is too low"))
  func manyDescriptors() async throws {
    await #expect(processExitsWith: .success) {
      OpenFiles.raise(to: 2048)
      let pair = try #require(await SerialPair.make())
      defer { pair.stop() }
      Self.serve(pair.server, lateMilliseconds: 0)
      let ballast = (0..<1100).map { _ in fcntl(0, F_DUPFD_CLOEXEC, 0) }
      try #require(ballast.max().map { $0 > 1023 } == true)
      #expect(try await Self.reader(pair).read(Self.range(100), unit: 1, timeout: .seconds(5)) == [100])
    }
  }

  @Test("An answer that comes before the next request is read away")
  func sameUnit() async throws {
    let pair = try #require(await SerialPair.make())
    defer { pair.stop() }
    Self.serve(pair.server, lateMilliseconds: 200)
    let reader = try Self.reader(pair)
    await #expect(throws: ModbusReadFailure.self) {
      try await reader.read(Self.range(100), unit: 1, timeout: .milliseconds(100))
    }
    // The link asks a silent unit again after a pause, never at once.
    poll(nil, 0, 300)
    #expect(try await reader.read(Self.range(101), unit: 1, timeout: .seconds(2)) == [101])
  }
}
