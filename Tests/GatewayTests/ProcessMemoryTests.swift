import Foundation
import TestSupport
import Testing

@testable import Gateway

@Suite("Memory of the process", .serialized)
struct ProcessMemoryTests {
  /// Kilobytes of files, which is mostly code, that are mapped now.
  private func mappedFiles() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
    return try #require(line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) })
  }

  @Test("Code that nobody runs does not count as the daemon's memory, and runs when it is needed again")
  func givenBack() async throws {
    let clock = TestClock()
    let task = Task { await ProcessMemory.run(clock.source) }
    await clock.untilSleeping(1)
    let before = try mappedFiles()
    clock.advance(by: ProcessMemory.settling)
    await clock.untilSleeping(1)
    // Other tests run meanwhile; what they need is a small part of the program.
    #expect(try mappedFiles() < before)
    #expect([3, 1, 2].sorted() == [1, 2, 3])
    task.cancel()
    clock.endSleeps()
    await task.value
  }
}
