import DeviceProfiles
import Foundation
import LocalAPISchema
import ProfileExplanation

/// A capture on its way into a file: what a device said, and what it refused, so that a later run goes on from there.
///
/// The file never has more in it than may be shown: it is redacted whenever it is written.
struct RecordedCapture {
  /// By unit.
  var images: [Int: RegisterImage] = [:]
  /// Registers that the device does not have, by unit.
  var absent: [Int: [RegisterTable: Set<UInt16>]] = [:]
  /// Text registers that are a serial, by unit.
  var serials: [Int: [RegisterRange]] = [:]
  /// In the order of arrival.
  private(set) var messages: [(topic: String, payload: String)] = []
  /// By path.
  var responses: [String: String] = [:]
  /// Messages that were not kept.
  private(set) var droppedMessages = 0

  /// Messages of one topic that are kept: devices that send changes only need several.
  private static let maxPerTopic = 50
  private static let maxMessages = 5000

  var isEmpty: Bool { images.isEmpty && messages.isEmpty && responses.isEmpty }

  mutating func add(topic: String, payload: String) {
    let isKnown = messages.contains { $0.topic == topic && $0.payload == payload }
    if isKnown { return }
    guard messages.count < Self.maxMessages, messages.count(where: { $0.topic == topic }) < Self.maxPerTopic else {
      droppedMessages += 1
      return
    }
    messages.append((topic, payload))
  }

  // MARK: File

  /// What an earlier run left, or nothing.
  static func read(_ path: String) throws(CommandFailure) -> RecordedCapture {
    var capture = RecordedCapture()
    guard FileManager.default.fileExists(atPath: path) else { return capture }
    guard let text = try? String(contentsOfFile: path, encoding: .utf8), let root = try? JSONText.value(text),
      case .object(let members) = root, members["capture"] != nil
    else {
      throw CommandFailure(
        message: "\(path) is there and is no capture that can be continued", hint: "choose another name")
    }
    capture.take(members)
    return capture
  }

  private mutating func take(_ members: [String: JSONValue]) {
    for (unit, tables) in members["units"]?.members ?? [:] {
      for (table, values) in tables.members {
        guard let unit = Int(unit), let table = RegisterTable(rawValue: table) else { continue }
        for (address, value) in values.members {
          guard let address = UInt16(address), case .number(let number) = value, let word = UInt16(exactly: number)
          else { continue }
          images[unit, default: RegisterImage()][table][address] = word
        }
      }
    }
    for case .text(let text) in members["absent"]?.elements ?? [] {
      let words = text.split(separator: " ")
      guard words.count == 3, let unit = Int(words[0]), let table = RegisterTable(rawValue: String(words[1])),
        let range = RegisterSpan(String(words[2]))
      else { continue }
      absent[unit, default: [:]][table, default: []].formUnion(range.addresses)
    }
    for message in members["messages"]?.elements ?? [] {
      guard case .text(let topic) = message.members["topic"], case .text(let payload) = message.members["payload"]
      else { continue }
      messages.append((topic, payload))
    }
    for (path, body) in members["responses"]?.members ?? [:] {
      if case .text(let text) = body { responses[path] = text } else { responses[path] = JSONText.text(body) }
    }
  }

  /// Writes the whole file anew, in one step: a program that is stopped in between leaves the last one.
  func write(to path: String, isRedacted: Bool) throws(CommandFailure) {
    var redaction = CaptureRedaction()
    let text = Session.text(JSONValue.object(content(&redaction, isRedacted)), pretty: true) + "\n"
    do {
      try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw CommandFailure(message: "\(path) cannot be written: \(error.localizedDescription)")
    }
  }

  private func content(_ redaction: inout CaptureRedaction, _ isRedacted: Bool) -> [String: JSONValue] {
    var members: [String: JSONValue] = ["capture": .text("heddle.capture/1")]
    if !images.isEmpty {
      var units: [String: JSONValue] = [:]
      for (unit, image) in images {
        units["\(unit)"] = .object(tables(image, serials[unit] ?? [], &redaction, isRedacted))
      }
      members["units"] = .object(units)
    }
    let refused = absent.sorted { $0.key < $1.key }.flatMap { unit, tables in
      RegisterTable.allCases.flatMap { table in
        RegisterSpan.spans(tables[table] ?? []).map { JSONValue.text("\(unit) \(table.rawValue) \($0)") }
      }
    }
    if !refused.isEmpty { members["absent"] = .array(refused) }
    if !messages.isEmpty {
      // Payloads first: a serial in one of them may be part of a topic.
      let payloads = messages.map { isRedacted ? redaction.payload($0.payload) : $0.payload }
      members["messages"] = .array(
        zip(messages, payloads).map { message, payload in
          let topic = isRedacted ? redaction.text(message.topic) : message.topic
          return .object(["topic": .text(topic), "payload": .text(payload)])
        })
    }
    if !responses.isEmpty {
      var bodies: [String: JSONValue] = [:]
      for (path, body) in responses.sorted(by: { $0.key < $1.key }) {
        let shown = isRedacted ? redaction.payload(body) : body
        let place = isRedacted ? redaction.text(path) : path
        bodies[place] = (try? JSONText.value(shown)).flatMap { $0.isContainer ? $0 : nil } ?? .text(shown)
      }
      members["responses"] = .object(bodies)
    }
    return members
  }

  private func tables(
    _ image: RegisterImage, _ serials: [RegisterRange], _ redaction: inout CaptureRedaction, _ isRedacted: Bool
  ) -> [String: JSONValue] {
    var tables: [String: JSONValue] = [:]
    for table in RegisterTable.allCases where !image[table].isEmpty {
      var values = image[table]
      if isRedacted, !table.isBits {
        for range in serials where range.table == table {
          let addresses = (0..<Int(range.count)).compactMap { UInt16(exactly: Int(range.address) + $0) }
          redaction.redact(addresses.filter { values[$0] != nil }, in: &values, whole: true)
        }
        values = redaction.registers(values)
      }
      tables[table.rawValue] = .object(
        Dictionary(uniqueKeysWithValues: values.map { ("\($0.key)", JSONValue.number(Double($0.value))) }))
    }
    return tables
  }
}

/// Addresses that follow each other: `100-120`.
struct RegisterSpan: CustomStringConvertible {
  var addresses: ClosedRange<UInt16>

  init?(_ text: String) {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard let first = ends.first ?? nil, ends.count <= 2, let last = ends.last ?? nil, first <= last else { return nil }
    addresses = first...last
  }

  private init(_ addresses: ClosedRange<UInt16>) { self.addresses = addresses }

  var description: String {
    addresses.count == 1 ? "\(addresses.lowerBound)" : "\(addresses.lowerBound)-\(addresses.upperBound)"
  }

  static func spans(_ addresses: Set<UInt16>) -> [RegisterSpan] {
    var spans: [RegisterSpan] = []
    for address in addresses.sorted() {
      if let last = spans.last?.addresses, Int(last.upperBound) + 1 == Int(address) {
        spans[spans.count - 1] = RegisterSpan(last.lowerBound...address)
      } else {
        spans.append(RegisterSpan(address...address))
      }
    }
    return spans
  }
}

extension JSONValue {
  fileprivate var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
  fileprivate var isContainer: Bool {
    switch self {
    case .object, .array: true
    default: false
    }
  }
}
