import DeviceProfiles
import EnergyModel
import Foundation
import Testing

/// What a device holds in its tables.
typealias RegisterImage = [RegisterTable: [UInt16: UInt16]]

extension CapturedDevice {
  /// Goes through discovery and all planned reads once. Of a planned request the parts are answered that the image has:
  /// captures have gaps where their owner asked for less.
  mutating func read(_ image: RegisterImage) {
    while let range = decoder.nextSetupRead() {
      let runs = Self.runs(range, image)
      let isComplete = runs.count == 1 && runs[0].values.count == Int(range.count)
      decoder.acceptSetup(isComplete ? .registers(runs[0].values) : .exception(2))
    }
    for planned in decoder.readPlan {
      for run in Self.runs(planned.range, image) {
        let table = planned.range.table
        take(
          table.isBits
            ? .bits(table: table, address: run.address, values: run.values.map { $0 != 0 })
            : .registers(table: table, address: run.address, values: run.values))
      }
    }
  }

  private static func runs(_ range: RegisterRange, _ image: RegisterImage) -> [(address: UInt16, values: [UInt16])] {
    guard let memory = image[range.table] else { return [] }
    var runs: [(address: UInt16, values: [UInt16])] = []
    for offset in 0..<Int(range.count) {
      guard let address = UInt16(exactly: Int(range.address) + offset), let value = memory[address] else { continue }
      if let last = runs.last, Int(last.address) + last.values.count == Int(address) {
        runs[runs.count - 1].values.append(value)
      } else {
        runs.append((address, [value]))
      }
    }
    return runs
  }

  /// Checks that a field is what another decoder made of the same registers, up to its rounding. What it does not say
  /// must be absent here too.
  func expect(
    _ part: String, _ rows: [OracleRow], oracle: JSON, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for row in rows {
      let got = try value(row.field, part: part)
      guard let wanted = oracle[row.name].number.map({ $0 * row.factor }) else {
        if let text = oracle[row.name].text {
          #expect(got == .text(text), "\(part).\(row.field)", sourceLocation: sourceLocation)
        } else {
          #expect(got == .null, "\(part).\(row.field) is not in the oracle", sourceLocation: sourceLocation)
        }
        continue
      }
      let number = got.double
      #expect(
        number.map { abs($0 - wanted) <= row.rounding + abs(wanted) * 1e-9 } == true,
        "\(part).\(row.field): \(got) is not \(wanted)", sourceLocation: sourceLocation)
    }
  }
}

/// A field of ours and its name at another decoder.
struct OracleRow {
  let field: String
  let name: String
  /// Ours = theirs × factor: units and signs.
  let factor: Double
  /// The other decoder's rounding in our unit.
  let rounding: Double

  init(_ field: String, _ name: String, _ factor: Double = 1, rounding: Double = 1e-6) {
    self.field = field
    self.name = name
    self.factor = factor
    self.rounding = rounding
  }
}

/// Register images out of the forms in which captures come.
enum CapturedImages {
  /// `{"37760": 873}` as registers; negative numbers are signed words.
  static func registers(_ json: JSON) -> [UInt16: UInt16] {
    var memory: [UInt16: UInt16] = [:]
    for (key, word) in json.object {
      guard let address = UInt16(key), let value = word.integer else { continue }
      memory[address] = UInt16(truncatingIfNeeded: value)
    }
    return memory
  }

  /// One unit of `{"units": {"0x11": {"input": {…}}}}`.
  static func unit(_ name: String, of json: JSON) -> RegisterImage {
    let tables = json["units"][name]
    return [.input: registers(tables["input"]), .holding: registers(tables["holding"])]
  }

  /// Answers of an inverter over UDP in hex: two bytes mark, unit, function, byte count, registers, CRC.
  static func goodWe(_ folder: String, _ expected: JSON, names: [String]? = nil) throws -> RegisterImage {
    var memory: [UInt16: UInt16] = [:]
    for (name, file) in expected["files"].object where names?.contains(name) ?? true {
      let url = ProjectFiles.fixtures.appending(path: "\(folder)/\(name)")
      let bytes = hex(try ProjectFiles.text(url))
      guard bytes.count > 7, let first = file["first_register"].integer else { continue }
      for index in 0..<min(Int(bytes[4]), bytes.count - 7) / 2 {
        memory[UInt16(first + index)] = UInt16(bytes[5 + 2 * index]) << 8 | UInt16(bytes[6 + 2 * index])
      }
    }
    return [.holding: memory]
  }

  private static func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap { $0.hexDigitValue.map { UInt8($0) } }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
