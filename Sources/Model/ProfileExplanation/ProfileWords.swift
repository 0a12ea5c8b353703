package import DeviceProfiles
package import EnergyModel

/// The parts of a profile in words.
package enum ProfileWords {
  /// `1 file`, `3 files`.
  package static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  package static func transport(_ transport: ProfileTransport) -> String {
    switch transport {
    case .modbus: "modbus"
    case .mqtt: "mqtt"
    case .http: "http"
    }
  }

  /// `holding 37760 u16`, `sunspec 101, 102 W`, `$topic/state /soc`, `powerflow /Body/Data`, `= a + b`.
  package static func source(_ source: PointSource) -> String {
    switch source {
    case .register(let register): self.register(register)
    case .sunSpec(let point): sunSpec(point)
    case .message(let message): joined(message.topic, message.path)
    case .response(let response): joined(response.request, response.path)
    case .computed(let expression): "= \(words(expression.text))"
    case .constant(let value): "constant \(value)"
    }
  }

  package static func register(_ register: RegisterSource) -> String {
    let order = register.order == .abcd ? "" : " \(register.order.rawValue)"
    let type = register.type == .bit ? "" : " \(register.type.word)"
    let unit = unit(register.unit)
    let place =
      register.words.isEmpty ? String(register.address) : register.words.map(String.init).joined(separator: "+")
    let repetition = register.repetition.map { repetition in
      let count = if case .local(let name) = repetition.count { name } else { String(repetition.max) }
      return ", \(repetition.combine.rawValue) of \(count), \(repetition.step) apart"
    }
    return "\(unit)\(register.table.rawValue) \(place)\(type)\(order)\(repetition ?? "")"
  }

  private static func unit(_ unit: UnitReference) -> String {
    switch unit {
    case .own: ""
    case .number(let number): "unit \(number) "
    case .parameter(let name): "unit $\(name) "
    }
  }

  package static func sunSpec(_ source: SunSpecSource) -> String {
    let models = source.models.map(String.init).joined(separator: ", ")
    let instance = source.instance == 1 ? "" : " (instance \(source.instance))"
    let combine = source.combine.map { ", \($0.rawValue)" } ?? ""
    return
      "\(unit(source.unit))sunspec \(models) \(source.point ?? "offset \(source.offset) \(source.type.word)")\(instance)\(combine)"
  }

  private static func joined(_ place: String, _ path: DocumentPath) -> String {
    path.steps.isEmpty ? place : "\(place) \(path)"
  }

  /// As much of a text as a table bears.
  package static func short(_ text: String) -> String {
    text.count > maxColumn ? "\(text.prefix(maxColumn))…" : text
  }

  /// Longer texts make a table too wide to read.
  private static let maxColumn = 60

  /// Text of several lines in one.
  package static func words(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// How the raw value becomes SI: `0.1 kWh`, `× 10^W_SF`, `enum`.
  package static func conversion(_ conversion: PointConversion, unit: Unit?) -> String {
    var parts: [String] = []
    if let bits = conversion.bits {
      parts.append(bits.count == 1 ? "bit \(bits.lowerBound)" : "bits \(bits.lowerBound)–\(bits.upperBound)")
    }
    if conversion.scale != 1 { parts.append("× \(ScalarValue.number(conversion.scale))") }
    if let factor = conversion.scaleFactorName { parts.append("× 10^\(factor)") }
    if conversion.offset != 0 {
      let size = ScalarValue.number(conversion.offset.magnitude)
      parts.append("\(conversion.offset < 0 ? "−" : "+") \(size)")
    }
    if let stated = conversion.unit, let spelling = spelling(stated), spelling != unit?.rawValue {
      parts.append("\(spelling) → \(stated.unit.rawValue)")
    }
    if conversion.enumeration != nil { parts.append("enum") }
    if conversion.flags != nil { parts.append("flags") }
    return parts.joined(separator: " ")
  }

  /// How a profile writes a unit: the shortest of the spellings that mean the same.
  private static func spelling(_ conversion: Unit.Conversion) -> String? {
    Unit.conversions.filter { $0.value == conversion }.map(\.key).min { ($0.count, $0) < ($1.count, $1) }
  }

  package static func text(_ template: TextTemplate) -> String {
    switch template {
    case .literal(let text): text
    case .expression(let expression): "=\(expression.text)"
    case .mixed(let pieces):
      pieces.map { piece in
        switch piece {
        case .text(let text): text
        case .expression(let expression): "${\(expression.text)}"
        }
      }.joined()
    }
  }

  /// `integer 0 to 247, default 1`.
  package static func parameter(_ parameter: ProfileParameter) -> String {
    let kind =
      switch parameter.kind {
      case .integer(let range): range == Int.min...Int.max ? "integer" : "integer \(limits(range))"
      case .number(let range):
        range.upperBound >= .greatestFiniteMagnitude ? "number" : "number \(range.lowerBound) to \(range.upperBound)"
      case .text: "text"
      case .flag: "true or false"
      case .choice(let words): words.joined(separator: " or ")
      }
    let secret = parameter.isSecret ? ", secret" : ""
    guard let value = parameter.defaultValue else { return "\(kind)\(secret), required" }
    return "\(kind)\(secret), default \(value.description.isEmpty ? "empty" : value.description)"
  }

  private static func limits(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound) to \(range.upperBound)" }
}
