import DeviceProfiles
import EnergyModel
import Foundation
import Testing

/// A shipped profile that is fed with what a real device said.
struct CapturedDevice {
  var decoder: EndpointDecoder
  /// What the decoder complained about.
  private(set) var problems: [String] = []
  /// When the next frame arrives.
  var now = Timestamp(milliseconds: 1_700_000_000_000)

  init(_ path: String, _ parameters: [String: ScalarValue] = [:]) throws {
    let url = ProjectFiles.profiles.appending(path: path)
    let bases = ProfileTexts(directories: [ProjectFiles.profiles.path])
    let profile = try #require(ProfileReader.read(text: try ProjectFiles.text(url), file: path, bases: bases).profile)
    decoder = EndpointDecoder(try BoundProfile(profile: profile, parameters: parameters))
  }

  /// Goes through discovery and all planned reads once, as the Modbus adapter does.
  mutating func read(_ table: RegisterTable, _ memory: [UInt16: UInt16]) {
    while let range = decoder.nextSetupRead() {
      decoder.acceptSetup(answer(range, table, memory).map { .registers($0) } ?? .exception(2))
    }
    for planned in decoder.readPlan {
      guard let values = answer(planned.range, table, memory) else { continue }
      take(
        .registers(
          unit: planned.range.unit, table: planned.range.table, address: planned.range.address, values: values))
    }
  }

  /// An answer to a polled HTTP request.
  mutating func answer(_ request: String, _ json: JSON) throws {
    take(.response(request: request, body: try json.bytes()))
  }

  /// An MQTT message.
  mutating func message(_ topic: String, _ json: JSON) throws {
    take(.message(topic: topic, payload: try json.bytes(), isRetained: false))
  }

  mutating func take(_ body: RawFrame.Body) {
    var batch = ReadingBatch()
    decoder.decode(RawFrame(body: body, receivedAt: now), into: &batch)
    problems += batch.problems
  }

  private func answer(_ range: RegisterRange, _ table: RegisterTable, _ memory: [UInt16: UInt16]) -> [UInt16]? {
    guard range.table == table else { return nil }
    var values: [UInt16] = []
    for offset in 0..<range.count {
      guard let value = memory[range.address &+ offset] else { return nil }
      values.append(value)
    }
    return values
  }

  // MARK: What came out

  func device(_ name: String) throws -> (index: Int, part: ProfilePart) {
    let parts = decoder.bound.profile.parts
    let index = try #require(parts.firstIndex { $0.name == name })
    return (index, parts[index])
  }

  func value(_ name: String, part: String) throws -> ScalarValue {
    decoder.snapshot().value(name, part: try device(part).index)?.value ?? .null
  }

  /// Whether a command counts as confirmed by what was read so far, and since when all of it was seen.
  func confirmation(
    _ verb: String, part: String, input: [String: ScalarValue], before: [String: ScalarValue] = [:]
  ) throws -> (holds: Bool, seenAt: Timestamp?) {
    let (index, description) = try device(part)
    let confirm = try #require(description.commands.first { $0.verb == verb }?.confirm)
    let snapshot = decoder.snapshot()
    return (
      snapshot.evaluate(confirm.expect, part: index, input: input, before: before) == .flag(true),
      snapshot.oldestObservation(of: confirm.expect.names, part: index)
    )
  }

  /// Checks values of a part; numbers may differ in the seventh digit, which a 32-bit float does not have.
  func expect(
    _ part: String, _ expected: [String: ScalarValue], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for (name, wanted) in expected {
      let got = try value(name, part: part)
      if case .number(let a) = got, case .number(let b) = wanted {
        #expect(abs(a - b) <= max(abs(b) * 1e-6, 1e-9), "\(part).\(name)", sourceLocation: sourceLocation)
      } else {
        #expect(got == wanted, "\(part).\(name)", sourceLocation: sourceLocation)
      }
    }
  }
}

extension JSON {
  /// The value as a reading would have it.
  var scalar: ScalarValue {
    if let text { return .text(text) }
    return number.map { .number($0) } ?? .null
  }
}

extension ScalarValue {
  /// The number; `nil` for everything else.
  var double: Double? { if case .number(let value) = self { value } else { nil } }
}
