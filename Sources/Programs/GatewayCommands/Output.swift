import Foundation

/// Where the program writes.
struct Output: Sendable {
  /// Whether a person looks at it now.
  var isTerminal: Bool
  /// Whether colours are wanted.
  var color: Bool
  /// Takes finished text, line ends included.
  var write: @Sendable (String) -> Void
  var writeError: @Sendable (String) -> Void

  /// Standard output and error of the process.
  static func standard(environment: [String: String]) -> Output {
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let wantsColor = environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    return Output(
      isTerminal: isTerminal, color: isTerminal && wantsColor,
      write: { text in
        // A reader that went away (`| head`) is a normal end.
        do { try FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) } catch { exit(ExitStatus.fine.rawValue) }
      },
      writeError: { text in try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) })
  }

  func print(_ lines: [String]) { write(lines.joined(separator: "\n") + "\n") }
}
