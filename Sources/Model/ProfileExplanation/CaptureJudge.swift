package import DeviceProfiles
import EnergyModel

/// Says for each point of a profile what a capture had for it and what became of it.
package struct CaptureJudge {
  package let capture: DeviceCapture
  package let decoder: EndpointDecoder
  package let snapshot: EndpointSnapshot

  package static let fine = "ok"
  /// Longer values are cut.
  private static let maxShownRegisters = 6
  private static let maxShownCharacters = 40

  /// What the capture has for a point.
  private enum Evidence {
    case there(String)
    /// Not in the capture, in words.
    case absent(String)
    /// The device does not have it, in words.
    case unavailable(String)
    /// Nothing comes from the wire.
    case none
  }

  package func value(_ point: ProfilePoint, part: Int) -> DecodedCapture.Value {
    let source = decoder.source(of: point.name, part: part) ?? point.source
    let evidence = evidence(source, point, part)
    let seen = snapshot.value(point.name, part: part)
    let (verdict, isUnexpected) = judge(evidence, seen?.value, seen?.quality, source, point, part)
    let field: Field? = if case .field(let field) = point.target { field } else { nil }
    let raw: String? = if case .there(let text) = evidence { text } else { nil }
    let place = decoder.registers(of: point.name, part: part)
    var shownSource = ProfileWords.source(source)
    // A SunSpec point has an address as soon as the device is known.
    if case .sunSpec = source, let place { shownSource += " (\(place.range))" }
    return DecodedCapture.Value(
      name: point.name, isLocal: field == nil, source: shownSource, raw: raw,
      value: JSONScalar(value: seen?.value ?? .null), unit: field?.unit.rawValue ?? "",
      quality: seen?.quality.name ?? "", verdict: verdict, isUnexpected: isUnexpected, line: point.line)
  }

  /// What non-optional points need and the capture does not have, joined where it touches.
  package var missingRegisters: [RegisterRange] {
    var missing: [RegisterRange] = []
    let needed = decoder.valuesToRead.filter { !$0.isOptional }
    for space in Set(needed.map(\.range.space)).sorted() {
      let wanted = needed.filter { $0.range.space == space }
      for address in Set(wanted.flatMap { capture.registers.missing($0) }).sorted() {
        if let last = missing.last, last.space == space, Int(last.address) + Int(last.count) == Int(address) {
          missing[missing.count - 1].count += 1
        } else {
          missing.append(RegisterRange(unit: space.unit, table: space.table, address: address, count: 1))
        }
      }
    }
    return missing
  }

  // MARK: What the capture has

  private func evidence(_ source: PointSource, _ point: ProfilePoint, _ part: Int) -> Evidence {
    switch source {
    case .register, .sunSpec:
      guard let place = decoder.registers(of: point.name, part: part) else {
        return .unavailable("the device has no such SunSpec model")
      }
      guard let values = capture.registers.values(place) else {
        return .absent("\(place.range) is not in the capture")
      }
      return .there(Self.shown(values))
    case .message(let message):
      let all = capture.messages.filter { EndpointDecoder.isMatch(topic: $0.topic, filter: message.topic) }
      guard !all.isEmpty else { return .absent("no message on \(message.topic) is in the capture") }
      for candidate in all.reversed() {
        if let value = Self.value(at: message.path, in: candidate.payload, message.format) {
          return .there(Self.cut(value))
        }
      }
      return .absent("no message on \(message.topic) has \(message.path)")
    case .response(let response):
      let all = capture.responses.filter { decoder.bound.requestName($0.request) == response.request }
      guard let body = all.last?.body else { return .absent("no answer to \(response.request) is in the capture") }
      let format = decoder.bound.request(named: response.request)?.format ?? .json
      guard let value = Self.value(at: response.path, in: body, format) else {
        return .absent("the answer to \(response.request) has no \(response.path)")
      }
      return .there(Self.cut(value))
    case .computed, .constant: return .none
    }
  }

  private static func shown(_ values: [UInt16]) -> String {
    if values.count == 1 { return String(values[0]) }
    let cut = values.prefix(maxShownRegisters).map { String($0) }.joined(separator: ", ")
    return values.count > maxShownRegisters ? "[\(cut), …]" : "[\(cut)]"
  }

  private static func value(
    at path: DocumentPath, in payload: String, _ format: DocumentFormat
  ) -> String? {
    if path.steps.isEmpty { return payload }
    guard let json = try? format.json(from: Array(payload.utf8)), let document = try? JSONDocument(parsing: json)
    else { return nil }
    guard path.steps.contains(.any) else { return document.value(at: path)?.description }
    let values = document.values(at: path)
    return values.isEmpty ? nil : values.map(\.description).joined(separator: ", ")
  }

  private static func cut(_ text: String) -> String {
    text.count > maxShownCharacters ? "\(text.prefix(maxShownCharacters))…" : text
  }

  // MARK: What became of it

  private func judge(
    _ evidence: Evidence, _ value: ScalarValue?, _ quality: Quality?, _ source: PointSource, _ point: ProfilePoint,
    _ part: Int
  ) -> (verdict: String, isUnexpected: Bool) {
    if decoder.setupProblem != nil { return ("not decoded, the device is another one", true) }
    if let value, value != .null { return (verdict(of: quality, point), quality == .bad) }
    switch evidence {
    case .absent(let words): return point.isOptional ? ("optional, \(words)", false) : (words, true)
    case .unavailable(let words): return (words, false)
    case .there where quality == .bad: return ("not understood", true)
    case .there where quality == nil: return ("not decoded, what scales it is not in the capture", !point.isOptional)
    case .there: return ("the device gives no value", false)
    case .none:
      let unseen = unseenInputs(source, part)
      if !unseen.isEmpty { return ("needs \(unseen.joined(separator: ", "))", !point.isOptional) }
      return ("has no value now", false)
    }
  }

  private func verdict(of quality: Quality?, _ point: ProfilePoint) -> String {
    switch quality {
    case .suspect:
      let limits = point.valid.map { " \(ScalarValue.number($0.lowerBound)) to \(ScalarValue.number($0.upperBound))" }
      return "implausible, outside\(limits ?? " its limits")"
    case .bad: return "not understood"
    default: return Self.fine
    }
  }

  /// The names that a computed point needs and that have no value because the capture does not have them.
  private func unseenInputs(_ source: PointSource, _ part: Int) -> [String] {
    guard case .computed(let expression) = source else { return [] }
    return expression.names.sorted().filter { name in
      !name.hasPrefix("parameter.") && snapshot.value(name, part: part) == nil && isExpected(name, part)
    }
  }

  private func isExpected(_ name: String, _ part: Int) -> Bool {
    let parts = decoder.bound.profile.parts
    let owner = name.split(separator: ".", maxSplits: 1).map(String.init)
    let other = owner.count == 2 ? parts.first { $0.name == owner[0] } : nil
    let points = other?.points ?? parts[part].points
    let plain = other == nil ? name : owner[1]
    return points.first { $0.name == plain }.map { !$0.isOptional } ?? true
  }
}
