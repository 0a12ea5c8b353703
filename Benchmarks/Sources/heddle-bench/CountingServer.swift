import CBaselines
import Foundation

/// Simulated devices on Modbus TCP in a process of their own, which count what they are asked.
final class CountingServer {
  /// What it counted since its start.
  struct Counts: Decodable {
    var requests: Int
    var answers: Int
    var values: Int
    var connections: Int
    /// Answers by unit.
    var units: [Int]
  }

  let port: UInt16
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var text = ""

  /// - Parameter delay: seconds from a request to its answer.
  init(delay: Double = 0) throws {
    process.executableURL = URL(
      fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    process.arguments = [Self.word, "0", "\(delay)"]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    guard let port = UInt16(try Self.line(output, &text)) else {
      throw BenchmarkProfile.Failure(description: "the Modbus server does not start")
    }
    self.port = port
  }

  /// It ends with its input.
  func stop() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// `silent UNIT`, `drip UNIT`, `speak UNIT` or `close ANSWERS`.
  func tell(_ command: String) throws { try input.fileHandleForWriting.write(contentsOf: Data("\(command)\n".utf8)) }

  func counts() throws -> Counts {
    try tell("count")
    return try JSONDecoder().decode(Counts.self, from: Data(try Self.line(output, &text).utf8))
  }

  private static func line(_ pipe: Pipe, _ text: inout String) throws -> String {
    while true {
      if let end = text.firstIndex(of: "\n") {
        defer { text.removeSubrange(...end) }
        return String(text[..<end])
      }
      guard let data = try pipe.fileHandleForReading.read(upToCount: 1), !data.isEmpty else {
        throw BenchmarkProfile.Failure(description: "the Modbus server has ended")
      }
      // One byte, and then what is there: a read of more would wait for all of it.
      text += String(decoding: data, as: UTF8.self)
    }
  }

  // MARK: The program

  /// The word by which this program becomes such a server: `heddle-bench modbus-server PORT SECONDS-TO-ANSWER`.
  static let word = "modbus-server"

  static func serve(_ arguments: [String]) -> Int32 {
    guard arguments.count == 2, let port = Int32(arguments[0]), let delay = Double(arguments[1]) else {
      print("usage: heddle-bench \(word) PORT SECONDS-TO-ANSWER")
      return 1
    }
    return baseline_modbus_serve(port, delay)
  }
}
