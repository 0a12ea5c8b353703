import Glibc
public import Logging

/// One line per event on standard error: time (unless the journal adds it), level, message, then `key=value`.
public struct LineLogHandler: LogHandler {
  /// Pairs that go behind every line of this handler.
  public var metadata: Logger.Metadata = [:]
  /// Events below it are not written.
  public var logLevel: Logger.Level
  private let isJournal: Bool
  private let time: @Sendable () -> String

  /// - Parameters:
  ///   - level: events below it are not written.
  ///   - isJournal: write syslog priorities (`<6>`) instead of times, as the journal wants it.
  ///   - time: the time of an event as text.
  public init(level: Logger.Level, isJournal: Bool, time: @escaping @Sendable () -> String) {
    logLevel = level
    self.isJournal = isJournal
    self.time = time
  }

  /// One pair of `metadata`.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one line; control characters become blanks. An error of the write is ignored.
  public func log(event: LogEvent) {
    let own = event.metadata ?? [:]
    let all = metadata.merging(own) { _, new in new }
    var line = isJournal ? "<\(priority(event.level))>" : "\(time()) \(padded(event.level)) "
    line += singleLine("\(event.message)")
    for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(quoted("\(value)"))" }
    line += "\n"
    // One write call per line, so that lines of several threads do not mix.
    let bytes = Array(line.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }

  private func padded(_ level: Logger.Level) -> String {
    let name = level.rawValue
    return name + String(repeating: " ", count: max(0, 7 - name.count))
  }

  private func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }

  /// Device names and payloads come from outside: no control character reaches the log.
  private func singleLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
  }

  private func quoted(_ text: String) -> String {
    let line = singleLine(text)
    guard line.isEmpty || line.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return line }
    return "\"" + line.replacing("\"", with: "'") + "\""
  }
}
