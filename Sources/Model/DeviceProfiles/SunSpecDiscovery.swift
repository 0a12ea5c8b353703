/// Finds the SunSpec models of a device: marker, then the chain of models by their lengths.
///
/// A plain state machine: ask for the next read, give it the answer, until there is none.
struct SunSpecDiscovery: Sendable {
  /// One model that the device has.
  struct Model: Sendable, Hashable {
    var id: UInt16
    /// Of its ID register.
    var address: Int
    /// Registers behind ID and length, as the device says.
    var length: Int
  }

  /// A chain that is longer is broken or endless.
  static let maxModels = 64
  /// `SunS`.
  static let marker: [UInt16] = [0x5375, 0x6E53]
  static let endID: UInt16 = 0xFFFF

  private enum State: Sendable {
    case marker(index: Int)
    case header(address: Int)
    case done
  }

  private let bases: [UInt16]
  private var state: State
  private(set) var models: [Model] = []
  private(set) var problem: String?

  init(bases: [UInt16]) {
    self.bases = bases
    state = bases.isEmpty ? .done : .marker(index: 0)
    if bases.isEmpty { problem = "SunSpec: no base address is given" }
  }

  var nextRead: RegisterRange? {
    switch state {
    case .marker(let index): RegisterRange(table: .holding, address: bases[index], count: 2)
    case .header(let address): RegisterRange(table: .holding, address: UInt16(clamping: address), count: 2)
    case .done: nil
    }
  }

  /// Takes the answer to `nextRead`; `nil` for an exception.
  mutating func accept(_ registers: [UInt16]?) {
    switch state {
    case .marker(let index):
      if let registers, registers.count >= 2, registers[0] == Self.marker[0], registers[1] == Self.marker[1] {
        goOn(at: Int(bases[index]) + 2)
      } else if index + 1 < bases.count {
        state = .marker(index: index + 1)
      } else {
        problem = "SunSpec: no marker at \(bases.map(String.init).joined(separator: ", "))"
        state = .done
      }
    case .header(let address):
      // Some devices have no end mark and answer with an exception or zeros behind the last model.
      guard let registers, registers.count >= 2, registers[0] != Self.endID, registers[0] != 0 else {
        finish()
        return
      }
      models.append(Model(id: registers[0], address: address, length: Int(registers[1])))
      goOn(at: address + 2 + Int(registers[1]))
    case .done: break
    }
  }

  /// Gives up on a unit that does not answer.
  mutating func abandon(_ reason: String) {
    problem = "SunSpec: \(reason)"
    models = []
    state = .done
  }

  /// The nth model with one of some ids, the first id that the device has.
  func model(among ids: [UInt16], instance: Int) -> Model? {
    for id in ids {
      let found = models.lazy.filter { $0.id == id }.dropFirst(max(0, instance - 1)).first
      if let found { return found }
    }
    return nil
  }

  private mutating func goOn(at address: Int) {
    if models.count >= Self.maxModels || address + 1 > 0xFFFF { finish() } else { state = .header(address: address) }
  }

  private mutating func finish() {
    state = .done
    if models.isEmpty { problem = "SunSpec: the marker is there, but no model behind it" }
  }
}
