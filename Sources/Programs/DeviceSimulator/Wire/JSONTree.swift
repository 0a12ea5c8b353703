public import DeviceProfiles
public import EnergyModel

/// A JSON document that is built from paths, in the order in which the paths were first set.
public indirect enum JSONTree: Sendable, Hashable {
  case object([Member])
  case array([JSONTree])
  case scalar(ScalarValue)

  /// One key of an object.
  public struct Member: Sendable, Hashable {
    /// The name.
    public var key: String
    /// What is under it.
    public var value: JSONTree
  }

  /// A profile cannot make a longer array than this by naming an index.
  static let maxIndex = 1000

  /// Puts a value at a path; objects and arrays on the way are made as the steps say.
  ///
  /// An index into something that is not an array yet makes an object with numbers as keys, except 0: vendors number
  /// their devices from 1 in objects, and the decoder takes both.
  public mutating func set(_ value: ScalarValue, at path: DocumentPath) {
    set(value, at: path.steps[...])
  }

  private mutating func set(_ value: ScalarValue, at steps: ArraySlice<DocumentPath.Step>) {
    guard let step = steps.first else {
      self = .scalar(value)
      return
    }
    let rest = steps.dropFirst()
    switch step {
    case .key(let key): setMember(key, value, rest)
    case .index(let index):
      if case .object = self {
        setMember(String(index), value, rest)
      } else if case .array = self {
        setElement(index, value, rest)
      } else if index == 0 {
        setElement(index, value, rest)
      } else {
        setMember(String(index), value, rest)
      }
    case .element(let key, let name): setPicked(key, name, value, rest)
    case .any: if case .object = self { setMember("0", value, rest) } else { setElement(0, value, rest) }
    }
  }

  private mutating func setMember(_ key: String, _ value: ScalarValue, _ rest: ArraySlice<DocumentPath.Step>) {
    var members: [Member] = []
    if case .object(let present) = self { members = present }
    let index = members.firstIndex { $0.key == key }
    var child = index.map { members[$0].value } ?? .scalar(.null)
    child.set(value, at: rest)
    if let index { members[index].value = child } else { members.append(Member(key: key, value: child)) }
    self = .object(members)
  }

  private mutating func setElement(_ index: Int, _ value: ScalarValue, _ rest: ArraySlice<DocumentPath.Step>) {
    guard index >= 0, index <= Self.maxIndex else { return }
    var elements: [JSONTree] = []
    if case .array(let present) = self { elements = present }
    while elements.count <= index { elements.append(.scalar(.null)) }
    elements[index].set(value, at: rest)
    self = .array(elements)
  }

  private mutating func setPicked(
    _ key: String, _ name: String, _ value: ScalarValue, _ rest: ArraySlice<DocumentPath.Step>
  ) {
    var elements: [JSONTree] = []
    if case .array(let present) = self { elements = present }
    let mark = Member(key: key, value: .scalar(.text(name)))
    let index =
      elements.firstIndex { if case .object(let members) = $0 { members.contains(mark) } else { false } }
    var child = index.map { elements[$0] } ?? .object([mark])
    child.set(value, at: rest)
    if let index { elements[index] = child } else { elements.append(child) }
    self = .array(elements)
  }

  /// JSON without blanks.
  public var text: String {
    switch self {
    case .object(let members):
      "{" + members.map { JSONText.quoted($0.key) + ":" + $0.value.text }.joined(separator: ",") + "}"
    case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
    case .scalar(.text(let text)): JSONText.quoted(text)
    case .scalar(let value): Self.plain(value)
    }
  }

  /// A scalar without quotes, as devices send it when the payload is the value.
  static func plain(_ value: ScalarValue) -> String {
    guard case .number(let number) = value else { return value.description }
    guard number.isFinite else { return "null" }
    // Computing with units leaves digits that no device sends.
    let rounded = (number * 1e6).rounded() / 1e6
    return ScalarValue.number(rounded).description
  }
}
