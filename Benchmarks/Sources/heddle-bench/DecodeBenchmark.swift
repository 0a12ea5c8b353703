import DeviceProfiles
import EnergyModel
import Foundation

/// How fast each family of shipped profiles is decoded, against what somebody would write by hand for the same data:
/// registers by fixed offsets with type, scale and sign, documents by parsing and walking to the same places, and
/// nothing checked.
struct DecodeBenchmark {
  static let rounds = 5
  /// Decoded in each round, about.
  static let pointsPerRound = 20_000

  func run() throws -> [Measurement] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "device-profiles")
    let library = ProfileLibrary(directories: [folder.path])
    var families: [String: [DecodeSubject]] = [:]
    for profile in library.profiles.values.sorted(by: { $0.id < $1.id }) {
      guard let subject = try DecodeSubject(profile) else { continue }
      let family = URL(filePath: profile.file).deletingLastPathComponent().lastPathComponent
      families[family, default: []].append(subject)
    }
    return families.sorted { $0.key < $1.key }.map { measure($0.key, $0.value) }
  }

  private func measure(_ family: String, _ subjects: [DecodeSubject]) -> Measurement {
    let points = subjects.reduce(0) { $0 + $1.points }
    let passes = max(1, Self.pointsPerRound / max(1, points))
    let decoded = Double(points * passes)
    let rates = alternating(
      rounds: Self.rounds,
      { decoded / processorSeconds { for subject in subjects { subject.decode(passes) } } },
      { decoded / processorSeconds { for subject in subjects { subject.decodeByHand(passes) } } })
    return Measurement(
      name: "decode \(family), \(subjects.count) profiles, \(points) points",
      result: Table.millions(rates.variant), baseline: "by hand \(Table.millions(rates.baseline))", ratio: rates.ratio,
      gate: "points have values", holds: points > 0)
  }
}

/// A profile with the data of its own largest test.
final class DecodeSubject {
  private var decoder: EndpointDecoder
  private let frames: [RawFrame]
  private let cells: [Cell]
  private let paths: [(frame: Int, path: DocumentPath)]
  private let words: [[UInt16]]
  private let bodies: [Data]
  private var batch = ReadingBatch()
  private var sink = 0.0
  /// Readings that one pass gives.
  let points: Int

  /// A value at a fixed place.
  private struct Cell {
    enum Kind { case u16, i16, u32, i32, f32, u64, text(Int) }
    var frame: Int
    var offset: Int
    var kind: Kind
    var factor: Double
    var labels: [Int: String]
  }

  /// `nil` without a test that says something.
  init?(_ profile: DeviceProfile) throws {
    let tests = profile.tests.filter { !$0.expect.isEmpty }
    func size(_ test: ProfileTest) -> Int {
      test.registers.values.reduce(0) { $0 + $1.count } + test.messages.count + test.responses.count
    }
    guard let test = tests.max(by: { size($0) < size($1) }), size(test) > 0,
      let bound = try? BoundProfile(profile: profile, parameters: test.parameters)
    else { return nil }
    var decoder = EndpointDecoder(bound)
    func values(_ range: RegisterRange) -> [UInt16] {
      (0..<Int(range.count)).map { test.registers[range.space]?[UInt16(clamping: Int(range.address) + $0)] ?? 0 }
    }
    for _ in 0..<1000 {
      guard let range = decoder.nextSetupRead() else { break }
      let isKnown = test.registers[range.space]?[range.address] != nil
      decoder.acceptSetup(isKnown ? .registers(values(range)) : .exception(2))
    }
    guard decoder.setupProblem == nil else { return nil }
    let time = Timestamp(milliseconds: 1_777_636_800_000)
    let plan = decoder.readPlan
    var frames = plan.map { planned in
      let values = values(planned.range)
      return RawFrame(
        body: planned.range.table.isBits
          ? .bits(
            unit: planned.range.unit, table: planned.range.table, address: planned.range.address,
            values: values.map { $0 != 0 })
          : .registers(
            unit: planned.range.unit, table: planned.range.table, address: planned.range.address, values: values),
        receivedAt: time)
    }
    var bodies: [Data] = []
    for message in test.messages {
      frames.append(
        RawFrame(
          body: .message(topic: message.topic, payload: message.payload, isRetained: false),
          receivedAt: time))
      bodies.append(Data(message.payload))
    }
    for (request, body) in test.responses.sorted(by: { $0.key < $1.key }) {
      frames.append(RawFrame(body: .response(request: request, body: Array(body.utf8)), receivedAt: time))
      bodies.append(Data(body.utf8))
    }
    words = plan.map { values($0.range) }
    (cells, paths) = Self.places(decoder, plan, test)
    for frame in frames { decoder.decode(frame, into: &batch) }
    batch.removeAll()
    for frame in frames { decoder.decode(frame, into: &batch) }
    points = batch.count
    batch.removeAll()
    guard points > 0 else { return nil }
    self.decoder = decoder
    self.frames = frames
    self.bodies = bodies
  }

  private static func places(
    _ decoder: EndpointDecoder, _ plan: [PlannedRead], _ test: ProfileTest
  ) -> (cells: [Cell], paths: [(frame: Int, path: DocumentPath)]) {
    var cells: [Cell] = []
    var paths: [(frame: Int, path: DocumentPath)] = []
    let requests = test.responses.keys.sorted()
    for (index, part) in decoder.bound.profile.parts.enumerated() {
      for point in part.points {
        switch decoder.source(of: point.name, part: index) ?? point.source {
        case .message(let message):
          for (frame, said) in test.messages.enumerated()
          where EndpointDecoder.isMatch(topic: said.topic, filter: message.topic) {
            paths.append((frame, message.path))
          }
        case .response(let response):
          if let frame = requests.firstIndex(of: response.request) { paths.append((frame, response.path)) }
        default:
          guard let range = decoder.registers(of: point.name, part: index)?.range,
            let frame = plan.firstIndex(where: {
              $0.range.space == range.space && $0.range.address <= range.address
                && Int(range.address) + Int(range.count) <= Int($0.range.address) + Int($0.range.count)
            })
          else { continue }
          cells.append(cell(point, frame, Int(range.address) - Int(plan[frame].range.address), Int(range.count)))
        }
      }
    }
    return (cells, paths)
  }

  private static func cell(_ point: ProfilePoint, _ frame: Int, _ offset: Int, _ count: Int) -> Cell {
    let type: RegisterType =
      switch point.source {
      case .register(let register): register.type
      case .sunSpec(let point): point.type
      default: .u16
      }
    let kind: Cell.Kind =
      switch (type, count) {
      case (.string, _): .text(count)
      case (.i16, _): .i16
      case (.f32, 2): .f32
      case (.i32, 2): .i32
      case (_, 2): .u32
      case (_, 4): .u64
      default: .u16
      }
    var labels: [Int: String] = [:]
    for (code, word) in point.conversion.enumeration ?? [:] {
      if case .number(let number) = code { labels[Int(number)] = word.description }
    }
    let unit = point.conversion.unit?.factor ?? 1
    return Cell(
      frame: frame, offset: offset, kind: kind,
      factor: point.conversion.scale * unit * (point.conversion.negate ? -1 : 1), labels: labels)
  }

  func decode(_ passes: Int) {
    for _ in 0..<passes {
      for frame in frames { decoder.decode(frame, into: &batch) }
      batch.removeAll()
    }
  }

  func decodeByHand(_ passes: Int) {
    for _ in 0..<passes {
      for cell in cells { read(cell) }
      guard !paths.isEmpty else { continue }
      let documents = bodies.map { try? JSONSerialization.jsonObject(with: $0, options: .fragmentsAllowed) }
      for (frame, path) in paths { walk(documents[frame], path) }
    }
  }

  private func read(_ cell: Cell) {
    let words = words[cell.frame]
    let at = cell.offset
    let value: Double
    switch cell.kind {
    case .u16: value = Double(words[at])
    case .i16: value = Double(Int16(bitPattern: words[at]))
    case .u32: value = Double(UInt32(words[at]) << 16 | UInt32(words[at + 1]))
    case .i32: value = Double(Int32(bitPattern: UInt32(words[at]) << 16 | UInt32(words[at + 1])))
    case .f32: value = Double(Float(bitPattern: UInt32(words[at]) << 16 | UInt32(words[at + 1])))
    case .u64: value = Double(words[at..<at + 4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) })
    case .text(let count):
      let bytes = words[at..<at + count].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
      sink += Double(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).utf8.count)
      return
    }
    if !cell.labels.isEmpty, value.magnitude < 1e9 {
      sink += Double(cell.labels[Int(value)]?.utf8.count ?? 0)
    } else {
      sink += value * cell.factor
    }
  }

  private func walk(_ document: Any?, _ path: DocumentPath) {
    var value = document
    for step in path.steps {
      switch step {
      case .key(let key): value = (value as? [String: Any])?[key]
      case .index(let index):
        let list = value as? [Any] ?? []
        value = list.indices.contains(index) ? list[index] : nil
      case .element(let key, let wanted):
        value = (value as? [[String: Any]])?.first { "\($0[key] ?? "")" == wanted }
      case .any: value = (value as? [Any])?.first
      }
    }
    if let number = value as? NSNumber { sink += number.doubleValue }
  }
}
