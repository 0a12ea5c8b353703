package import DeviceProfiles

/// The memory of a Modbus device, as far as it is known.
package struct RegisterImage {
  /// Of the unit that the profile is bound to, without its number.
  package var tables: [RegisterSpace: [UInt16: UInt16]] = [:]

  /// Whether what is not known is 0.
  package var isZeroElsewhere = false

  package init() {}

  /// The registers of a test, in which the own unit may have a number.
  package init(_ registers: [RegisterSpace: [UInt16: UInt16]], own unit: UInt8) {
    for (space, memory) in registers {
      let place = RegisterSpace(unit: space.unit == unit ? nil : space.unit, table: space.table)
      tables[place, default: [:]].merge(memory) { first, _ in first }
    }
  }

  /// A table of the own unit.
  package subscript(table: RegisterTable) -> [UInt16: UInt16] {
    get { tables[RegisterSpace(table: table)] ?? [:] }
    set { tables[RegisterSpace(table: table)] = newValue }
  }

  package var isEmpty: Bool { tables.values.allSatisfy(\.isEmpty) }

  /// The values of a range; `nil` unless all of them are known.
  package func values(_ range: RegisterRange) -> [UInt16]? {
    let values = addresses(range).compactMap { value(range.space, $0) }
    return values.count == Int(range.count) ? values : nil
  }

  /// The registers of one value; `nil` unless all of them are known.
  package func values(_ one: PlannedValue) -> [UInt16]? {
    let values = one.addresses.compactMap { UInt16(exactly: $0) }.compactMap { value(one.range.space, $0) }
    return values.count == one.addresses.count ? values : nil
  }

  /// The addresses of a value that are not known.
  package func missing(_ one: PlannedValue) -> [UInt16] {
    one.addresses.compactMap { UInt16(exactly: $0) }.filter { value(one.range.space, $0) == nil }
  }

  private func value(_ space: RegisterSpace, _ address: UInt16) -> UInt16? {
    tables[space]?[address] ?? (isZeroElsewhere ? 0 : nil)
  }

  /// Takes over what another image knows of its own unit, as that of a unit.
  package mutating func merge(_ other: RegisterImage, unit: UInt8?) {
    for (space, values) in other.tables where space.unit == nil {
      tables[RegisterSpace(unit: unit, table: space.table), default: [:]].merge(values) { _, new in new }
    }
  }

  private func addresses(_ range: RegisterRange) -> [UInt16] {
    (0..<Int(range.count)).compactMap { UInt16(exactly: Int(range.address) + $0) }
  }

  /// The known runs within a range, so that what is not known has no value instead of 0.
  package func frames(_ range: RegisterRange) -> [RawFrame.Body] {
    var frames: [RawFrame.Body] = []
    var run: [UInt16] = []
    var start: UInt16 = 0
    func close() {
      guard !run.isEmpty else { return }
      frames.append(
        range.table.isBits
          ? .bits(unit: range.unit, table: range.table, address: start, values: run.map { $0 != 0 })
          : .registers(unit: range.unit, table: range.table, address: start, values: run))
      run = []
    }
    for address in addresses(range) {
      guard let value = value(range.space, address) else {
        close()
        continue
      }
      if run.isEmpty { start = address }
      run.append(value)
    }
    close()
    return frames
  }

  /// A decoder whose set-up was answered from the image, with a remark where the product could not be told.
  package func prepare(_ bound: BoundProfile) -> (decoder: EndpointDecoder, remark: String?) {
    let (decoder, unknown) = answered(bound)
    guard let unknown, decoder.setupProblem?.hasPrefix("identify:") == true else { return (decoder, nil) }
    let profile = bound.definition.unidentified
    guard let plain = try? BoundProfile(profile: profile, parameters: bound.given) else { return (decoder, nil) }
    return (answered(plain).decoder, "\(unknown) is not there, so the product was not checked")
  }

  /// A set-up that asks for more reads is endless.
  package static let maxSetupReads = 1000

  /// What is not known answers with exception 2; the last such read is returned too.
  private func answered(_ bound: BoundProfile) -> (decoder: EndpointDecoder, unknown: RegisterRange?) {
    var decoder = EndpointDecoder(bound)
    var unknown: RegisterRange?
    for _ in 0..<Self.maxSetupReads {
      guard let range = decoder.nextSetupRead() else { break }
      if let values = values(range) {
        decoder.acceptSetup(.registers(values))
      } else {
        if range.unit == nil { unknown = range }
        let isAbsent = range.unit != nil && tables[range.space] == nil
        decoder.acceptSetup(.exception(isAbsent ? 11 : 2))
      }
    }
    return (decoder, unknown)
  }
}
