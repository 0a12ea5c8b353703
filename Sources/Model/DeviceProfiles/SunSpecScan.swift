/// Looks for a SunSpec device of any make: marker, chain of models, and what it calls itself.
///
/// A plain state machine: ask for the next read, give it the answer, until there is none.
public struct SunSpecScan: Sendable {
  /// What the device says about itself.
  public struct Device: Sendable, Hashable {
    /// The ids of its models, in their order.
    public var models: [UInt16]
    /// The maker, as the device writes it.
    public var manufacturer = ""
    /// The product.
    public var model = ""
    /// Its number.
    public var serialNumber = ""
  }

  /// Where the standard lets a map begin.
  public static let bases: [UInt16] = [40000, 50000, 0]
  /// Registers of maker and model in the common model, and of the serial number.
  private static let names = (offset: 2, count: 32)
  private static let serial = (offset: 50, count: 16)
  private static let commonModel: UInt16 = 1

  private var chain = SunSpecDiscovery(bases: bases)
  private var found: Device?
  private var common: Int?
  private var step = 0

  /// A scan that has asked nothing yet.
  public init() {}

  /// What has to be read next; `nil` when it is over.
  public var nextRead: RegisterRange? {
    if let read = chain.nextRead { return read }
    guard let common, step < 2 else { return nil }
    let block = step == 0 ? Self.names : Self.serial
    return RegisterRange(
      table: .holding, address: UInt16(clamping: common + block.offset), count: UInt16(block.count))
  }

  /// Takes the answer to `nextRead`; `nil` for an exception or no answer.
  public mutating func accept(_ registers: [UInt16]?) {
    guard chain.nextRead == nil else {
      chain.accept(registers)
      if chain.nextRead == nil { finishChain() }
      return
    }
    if step == 0 {
      found?.manufacturer = Self.text(registers, 0)
      found?.model = Self.text(registers, 16)
    } else {
      found?.serialNumber = Self.text(registers, 0)
    }
    step += 1
  }

  /// The device, once nothing is left to read; `nil` if there is none.
  public var device: Device? { nextRead == nil ? found : nil }

  private mutating func finishChain() {
    guard chain.problem == nil else { return }
    found = Device(models: chain.models.map(\.id))
    common = chain.models.first { $0.id == Self.commonModel }?.address
  }

  private static func text(_ registers: [UInt16]?, _ start: Int) -> String {
    guard let registers, registers.count >= start + 16,
      case .text(let text)? = RegisterType.string(registers: 16).decode(registers, at: start, order: .abcd)
    else { return "" }
    return text
  }
}

extension DeviceProfile {
  /// The SunSpec models that its points stand in, but for the common one; empty where it has none.
  public var sunSpecModels: Set<UInt16> { Set(sunSpecSources.flatMap(\.models)).subtracting([1]) }

  /// The parts of the profile that a device with these models can have: all that have no SunSpec points, and those one of
  /// whose models is there.
  public func parts(withModels present: [UInt16]) -> [ProfilePart] {
    parts.filter { part in
      let wanted = Set(
        part.points.flatMap { point -> [UInt16] in
          if case .sunSpec(let source) = point.source { source.models } else { [] }
        }
      ).subtracting([1])
      return wanted.isEmpty || !wanted.isDisjoint(with: present)
    }
  }
}
