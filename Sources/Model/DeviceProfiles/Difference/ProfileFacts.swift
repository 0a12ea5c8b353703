import EnergyModel
import LocatedYAML

/// A part of a profile as flat pairs of a place and a text, such as `conversion.scale` and `0.1`.
///
/// They are taken from the values themselves by reflection, so that two profiles with the same facts mean the same also
/// in constructs that nothing here knows by name.
struct ProfileFacts {
  /// In the order of the declarations; every place once.
  private(set) var places: [String] = []
  private(set) var texts: [String: String] = [:]

  /// What says nothing about the meaning.
  private static let ignored: Set<String> = ["line", "file"]
  /// Of a whole profile: how it is called and where it comes from.
  private static let cosmetic: Set<String> = [
    "id", "name", "manufacturer", "products", "maturity", "provenance", "tests", "file",
  ]

  /// The facts of a value; `skipping` names members of its own that are left out.
  init(_ value: Any, skipping: Set<String> = []) { add(value, "", skipping) }

  /// The texts of all facts below a place, in their order, without the names of cases.
  func words(below place: String) -> String {
    places.filter { ($0 == place || $0.hasPrefix("\(place).")) && !isCaseName($0) }.compactMap { texts[$0] }
      .filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// A case with something in it has its name as text and its content below.
  private func isCaseName(_ place: String) -> Bool {
    texts[place].map { text in
      let content = place.isEmpty ? text : "\(place).\(text)"
      return places.contains { $0 == content || $0.hasPrefix("\(content).") }
    } ?? false
  }

  private mutating func put(_ text: String, _ place: String) {
    guard texts.updateValue(text, forKey: place) == nil else { return }
    places.append(place)
  }

  private mutating func add(_ value: Any, _ place: String, _ skipping: Set<String> = []) {
    if let text = Self.text(value) { return put(text, place) }
    let mirror = Mirror(reflecting: value)
    let below = { (name: String) in place.isEmpty ? name : "\(place).\(name)" }
    switch mirror.displayStyle {
    case .optional:
      if let child = mirror.children.first { add(child.value, place) }
    case .collection:
      for (index, child) in mirror.children.enumerated() {
        add(child.value, below(Self.name(of: child.value) ?? "\(index + 1)"))
      }
    case .dictionary:
      let entries = mirror.children.map { Array(Mirror(reflecting: $0.value).children) }.filter { $0.count == 2 }
      let named = entries.map { (Self.text($0[0].value) ?? "\($0[0].value)", $0[1].value) }
      for (key, value) in named.sorted(by: { $0.0 < $1.0 }) { add(value, below(key)) }
    case .set:
      put(mirror.children.map { Self.text($0.value) ?? "\($0.value)" }.sorted().joined(separator: ", "), place)
    case .enum:
      guard let child = mirror.children.first, let name = child.label else { return put("\(value)", place) }
      put(name, place)
      add(child.value, below(name))
    default:
      let left = (value is DeviceProfile ? Self.cosmetic : Self.ignored).union(skipping)
      for (index, child) in mirror.children.enumerated() {
        let name = child.label.map { $0.drop { $0 == "." || $0 == "_" } }.map(String.init) ?? "\(index + 1)"
        if !left.contains(name) { add(child.value, below(name)) }
      }
    }
  }

  /// What a list's element is called: its own name, or the first text of a pair.
  private static func name(of value: Any) -> String? {
    for child in Mirror(reflecting: value).children {
      if ["name", "key", "control", "verb"].contains(child.label), let name = child.value as? String { return name }
    }
    return nil
  }

  /// Values that are one text.
  static func text(_ value: Any) -> String? {
    switch value {
    case let text as String: text
    case let flag as Bool: flag ? "true" : "false"
    case let number as Double: "\(ScalarValue.number(number))"
    case let number as any BinaryInteger: "\(number)"
    case let time as Duration: DurationText.format(time)
    case let scalar as ScalarValue: scalar.description
    case let field as Field: field.name
    case let path as DocumentPath: path.description
    case let formula as Expression: formula.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    case let word as any RawRepresentable<String>: word.rawValue
    case let range as ClosedRange<Double>:
      "\(ScalarValue.number(range.lowerBound))..\(ScalarValue.number(range.upperBound))"
    case let range as ClosedRange<Int>: "\(range.lowerBound)..\(range.upperBound)"
    case let unit as Unit.Conversion: spelling(unit)
    case UnitReference.own: ""
    case UnitReference.number(let number): "unit \(number)"
    case UnitReference.parameter(let name): "unit $\(name)"
    default: nil
    }
  }

  /// How profiles write a unit: the shortest of the spellings that mean the same.
  private static func spelling(_ conversion: Unit.Conversion) -> String {
    Unit.conversions.filter { $0.value == conversion }.map(\.key).min { ($0.count, $0) < ($1.count, $1) }
      ?? "\(conversion.factor) \(conversion.unit.rawValue)"
  }
}
