/// The standard SunSpec models: where each point stands, what it is, which scale factor belongs to it.
///
/// The layouts are in `SunSpecModels+Layouts.swift` with their source. Offsets count from a model's ID register, so
/// the first point stands at 2.
public enum SunSpecModels {
  /// The point of that name; points of repeated blocks are written `module.2.DCW`, counting from 1 (`module.*.DCW` is
  /// the first of all of them), those of fixed groups `PFWInj.PF`. `nil` if the model is not known or has no such point.
  public static func point(_ name: String, model: UInt16) -> SunSpecPointDefinition? {
    guard let table = tables[model] else { return nil }
    if let fixed = table.fixed[name] { return fixed }
    let segments = name.split(separator: ".", omittingEmptySubsequences: false)
    guard segments.count == 3, let repeated = table.repeated, segments[0] == repeated.name,
      let number = segments[1] == "*" ? 1 : Int(segments[1]), (1...maxRepetitions).contains(number),
      var point = repeated.points[String(segments[2])]
    else { return nil }
    point.name = name
    point.offset += (number - 1) * repeated.size
    return point
  }

  /// Registers of one repeated block; `nil` where the model has none.
  static func repeatedSize(_ model: UInt16) -> Int? { tables[model]?.repeated?.size }

  /// All names of a model in register order; of repeated blocks the first one. Empty if the model is not known.
  public static func pointNames(model: UInt16) -> [String] {
    guard let table = tables[model] else { return [] }
    let fixed = table.fixed.values.sorted { $0.offset < $1.offset }.map(\.name)
    guard let repeated = table.repeated else { return fixed }
    return fixed
      + repeated.points.values.sorted { $0.offset < $1.offset }.map { "\(repeated.name).1.\($0.name)" }
  }

  /// Registers of a model behind ID and length, as the standard says (devices may differ); repeated blocks count
  /// `repetitions` times. `nil` if the model is not known.
  public static func length(_ model: UInt16, repetitions: Int = 1) -> Int? {
    guard let table = tables[model] else { return nil }
    return table.fixedLength + (table.repeated.map { $0.size * min(max(0, repetitions), maxRepetitions) } ?? 0)
  }

  /// The models that have a layout here.
  public static var knownModels: [UInt16] { tables.keys.sorted() }

  /// More blocks than this are in no device.
  static let maxRepetitions = 100

  struct Table: Sendable {
    var fixed: [String: SunSpecPointDefinition] = [:]
    var fixedLength = 0
    var repeated: Repeated?
  }

  struct Repeated: Sendable {
    var name: String
    /// Registers of one block.
    var size: Int
    /// By their names within the block, with the offsets of the first block.
    var points: [String: SunSpecPointDefinition]
  }

  private static let tables: [UInt16: Table] = {
    var tables: [UInt16: Table] = [:]
    for layout in layouts {
      let table = makeTable(layout)
      for model in layout.models { tables[model] = table }
    }
    return tables
  }()

  private static func makeTable(_ layout: Layout) -> Table {
    var table = Table()
    var offset = 2
    for point in parse(layout.points, offset: &offset) { table.fixed[point.name] = point }
    for group in layout.groups {
      let start = offset
      let points = parse(group.points, offset: &offset)
      if group.isRepeated {
        table.repeated = Repeated(
          name: group.name, size: offset - start,
          points: Dictionary(points.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
        offset = start
      } else {
        for var point in points {
          point.name = "\(group.name).\(point.name)"
          table.fixed[point.name] = point
        }
      }
    }
    table.fixedLength = offset - 2
    let scaleFactors = table.fixed.mapValues(\.offset)
    for name in table.fixed.keys { table.fixed[name]?.resolve(scaleFactors) }
    for name in table.repeated?.points.keys.sorted() ?? [] { table.repeated?.points[name]?.resolve(scaleFactors) }
    return table
  }

  private static func parse(_ text: String, offset: inout Int) -> [SunSpecPointDefinition] {
    var points: [SunSpecPointDefinition] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      let isWritable = word.hasSuffix("!")
      let parts = (isWritable ? word.dropLast() : word).split(separator: ":")
      guard parts.count == 2 else { continue }
      let types = parts[1].split(separator: "*")
      guard let kind = SunSpecType(types[0]) else { continue }
      points.append(
        SunSpecPointDefinition(
          name: String(parts[0]), offset: offset, kind: kind, scaleFactor: types.count > 1 ? String(types[1]) : nil,
          isWritable: isWritable))
      offset += kind.registerType.registerCount
    }
    return points
  }
}

/// A point of a standard SunSpec model.
public struct SunSpecPointDefinition: Sendable, Hashable {
  /// Its name in the standard: `W`, `module.2.DCW`.
  public var name: String
  /// Registers from the model's ID register.
  public var offset: Int
  /// The name of its scale factor point; `nil` where it has none.
  public var scaleFactor: String?
  /// Where the scale factor stands, from the model's ID register.
  public var scaleFactorOffset: Int?
  /// Whether the standard lets it be written.
  public var isWritable: Bool
  let kind: SunSpecType

  /// How its registers become a number or text.
  public var type: RegisterType { kind.registerType }
  /// What the device answers where it does not implement the point.
  public var notImplemented: [UInt16] { kind.notImplemented }

  init(name: String, offset: Int, kind: SunSpecType, scaleFactor: String?, isWritable: Bool) {
    self.name = name
    self.offset = offset
    self.kind = kind
    self.scaleFactor = scaleFactor
    self.isWritable = isWritable
  }

  mutating func resolve(_ offsets: [String: Int]) { scaleFactorOffset = scaleFactor.flatMap { offsets[$0] } }
}

/// The types of the standard, each with its mark for "not implemented".
enum SunSpecType: Sendable, Hashable {
  case u16, i16, u32, i32, u64, i64, acc32, acc64, enum16, bits16, bits32, scaleFactor, f32, pad
  case text(registers: Int)

  init?(_ word: Substring) {
    switch word {
    case "u16": self = .u16
    case "i16": self = .i16
    case "u32": self = .u32
    case "i32": self = .i32
    case "u64": self = .u64
    case "i64": self = .i64
    case "acc32": self = .acc32
    case "acc64": self = .acc64
    case "enum16": self = .enum16
    case "bits16": self = .bits16
    case "bits32": self = .bits32
    case "sf": self = .scaleFactor
    case "f32": self = .f32
    case "pad": self = .pad
    default:
      guard word.hasPrefix("text"), let registers = Int(word.dropFirst(4)) else { return nil }
      self = .text(registers: registers)
    }
  }

  var registerType: RegisterType {
    switch self {
    case .u16, .enum16, .bits16, .pad: .u16
    case .i16, .scaleFactor: .i16
    case .u32, .acc32, .bits32: .u32
    case .i32: .i32
    case .u64, .acc64: .u64
    case .i64: .i64
    case .f32: .f32
    case .text(let registers): .string(registers: registers)
    }
  }

  /// Accumulators use 0; bit fields count as not implemented as soon as the top bit is set.
  func isMissing(_ raw: RawScalar) -> Bool {
    switch (self, raw) {
    case (.u16, .unsigned(let value)), (.enum16, .unsigned(let value)): value == 0xFFFF
    case (.bits16, .unsigned(let value)): value & 0x8000 != 0
    case (.pad, _): true
    case (.i16, .signed(let value)), (.scaleFactor, .signed(let value)): value == Int64(Int16.min)
    case (.u32, .unsigned(let value)): value == 0xFFFF_FFFF
    case (.bits32, .unsigned(let value)): value & 0x8000_0000 != 0
    case (.acc32, .unsigned(let value)), (.acc64, .unsigned(let value)): value == 0
    case (.i32, .signed(let value)): value == Int64(Int32.min)
    case (.u64, .unsigned(let value)): value == UInt64.max
    case (.i64, .signed(let value)): value == Int64.min
    default: false
    }
  }

  var notImplemented: [UInt16] {
    switch self {
    case .u16, .enum16, .bits16: [0xFFFF]
    case .i16, .scaleFactor, .pad: [0x8000]
    case .u32, .bits32: [0xFFFF, 0xFFFF]
    case .i32: [0x8000, 0]
    case .acc32: [0, 0]
    case .acc64: [0, 0, 0, 0]
    case .u64: [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF]
    case .i64: [0x8000, 0, 0, 0]
    case .f32: [0x7FC0, 0]
    case .text(let registers): [UInt16](repeating: 0, count: registers)
    }
  }
}
