import Foundation
import Glibc

/// Two pseudo terminals that socat connects like a serial cable.
package final class SerialPair: Sendable {
  package static let isPossible = FileManager.default.isExecutableFile(atPath: "/usr/bin/socat")

  package let client: String
  package let server: String
  private let process: Process

  /// `nil` if socat did not make them in time.
  package static func make() async -> SerialPair? {
    let folder = FileManager.default.temporaryDirectory.appending(path: "heddle-\(UUID().uuidString)").path
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    guard let pair = SerialPair(folder: folder) else { return nil }
    for _ in 0..<500 {
      let exist = [pair.client, pair.server].allSatisfy { FileManager.default.fileExists(atPath: $0) }
      if exist { return pair }
      try? await Task.sleep(for: .milliseconds(10))
    }
    pair.stop()
    return nil
  }

  private init?(folder: String) {
    client = folder + "/client"
    server = folder + "/server"
    process = Process()
    process.executableURL = URL(filePath: "/usr/bin/socat")
    process.arguments = ["pty,raw,echo=0,link=\(client)", "pty,raw,echo=0,link=\(server)"]
    do { try process.run() } catch { return nil }
  }

  package func stop() {
    // Not SIGTERM: a child started from a thread of the pool has it blocked. Foundation collects the child.
    kill(process.processIdentifier, SIGKILL)
    try? FileManager.default.removeItem(atPath: (client as NSString).deletingLastPathComponent)
  }
}
