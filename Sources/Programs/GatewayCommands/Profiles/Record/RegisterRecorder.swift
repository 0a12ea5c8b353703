import DeviceProfiles
import ModbusAdapter
import ProfileExplanation

/// Reads registers of a device into a capture: slowly, in small requests, never twice.
struct RegisterRecorder {
  typealias Read = (RegisterRange, UInt8) async throws(ModbusReadFailure) -> [UInt16]

  var capture: RecordedCapture
  let unit: UInt8
  /// Registers in one request, at most.
  let chunk: Int
  /// Asks the device.
  let read: Read
  /// Called after each request: it waits, and keeps what there is.
  let pause: (RecordedCapture) throws(CommandFailure) -> Void

  /// A request that failed for another reason than an exception is repeated so often.
  private static let attempts = 3
  /// Exceptions that mean that the registers are not there.
  private static let refusals: Set<UInt8> = [1, 2, 3]

  /// Reads what is not known yet of a range. Returns the values if all of them are there now.
  @discardableResult
  mutating func record(_ range: RegisterRange) async throws(CommandFailure) -> [UInt16]? {
    var start = Int(range.address)
    let end = start + Int(range.count)
    while start < end {
      guard isUnknown(range.space, start) else {
        start += 1
        continue
      }
      var stop = start + 1
      while stop < end, stop - start < chunk, isUnknown(range.space, stop) { stop += 1 }
      try await ask(range.space, start..<stop)
      start = stop
    }
    let own = RegisterRange(table: range.table, address: range.address, count: range.count)
    return capture.images[number(of: range.space)]?.values(own)
  }

  /// The unit on the bus.
  private func number(of space: RegisterSpace) -> Int { Int(space.unit ?? unit) }

  private func isUnknown(_ space: RegisterSpace, _ address: Int) -> Bool {
    guard let address = UInt16(exactly: address) else { return false }
    return capture.images[number(of: space)]?[space.table][address] == nil
      && capture.absent[number(of: space)]?[space.table]?.contains(address) != true
  }

  /// A range that is refused is halved until the registers are found that are not there.
  private mutating func ask(_ space: RegisterSpace, _ addresses: Range<Int>) async throws(CommandFailure) {
    guard let first = UInt16(exactly: addresses.lowerBound) else { return }
    let range = RegisterRange(
      unit: space.unit, table: space.table, address: first, count: UInt16(clamping: addresses.count))
    var failure = ModbusReadFailure.failed("")
    for _ in 0..<Self.attempts {
      var values: [UInt16]?
      do throws(ModbusReadFailure) {
        values = try await read(range, space.unit ?? unit)
      } catch {
        failure = error
      }
      if let values {
        for (offset, value) in values.enumerated() {
          guard let address = UInt16(exactly: addresses.lowerBound + offset) else { break }
          capture.images[number(of: space), default: RegisterImage()][space.table][address] = value
        }
        return try keep()
      }
      if case .exception(let code, _) = failure, Self.refusals.contains(code) {
        return try await refused(space, addresses, code)
      }
      try keep()
    }
    throw CommandFailure(
      message: "\(range): \(failure.reason)", hint: "what was read so far is kept; run it again to go on",
      status: .unreachable)
  }

  private mutating func refused(
    _ space: RegisterSpace, _ addresses: Range<Int>, _ code: UInt8
  ) async throws(CommandFailure) {
    // Function code unknown: no address of the table is there.
    if addresses.count == 1 || code == 1 {
      let refused = addresses.compactMap { UInt16(exactly: $0) }
      capture.absent[number(of: space), default: [:]][space.table, default: []].formUnion(refused)
      return try keep()
    }
    try keep()
    let middle = addresses.lowerBound + addresses.count / 2
    try await ask(space, addresses.lowerBound..<middle)
    try await ask(space, middle..<addresses.upperBound)
  }

  private func keep() throws(CommandFailure) { try pause(capture) }

  // MARK: What to read

  /// All models of a SunSpec device: marker, then the chain. Returns the models that were found.
  mutating func recordSunSpec(bases: [UInt16] = [40000, 0, 50000]) async throws(CommandFailure) -> [UInt16] {
    for base in bases {
      guard try await record(RegisterRange(table: .holding, address: base, count: 2)) == SunSpecChain.marker else {
        continue
      }
      var models: [UInt16] = []
      var address = Int(base) + 2
      while models.count < SunSpecChain.maxModels, let start = UInt16(exactly: address),
        let header = try await record(RegisterRange(table: .holding, address: start, count: 2)), header[0] != 0xFFFF,
        header[0] != 0
      {
        try await record(RegisterRange(table: .holding, address: start, count: UInt16(clamping: Int(header[1]) + 2)))
        models.append(header[0])
        noteSerial(model: header[0], at: address)
        address += Int(header[1]) + 2
      }
      return models
    }
    return []
  }

  private mutating func noteSerial(model: UInt16, at address: Int) {
    guard let point = SunSpecModels.point("SN", model: model), let place = UInt16(exactly: address + point.offset)
    else { return }
    capture.serials[Int(unit), default: []].append(
      RegisterRange(table: .holding, address: place, count: UInt16(clamping: point.type.registerCount)))
  }

  /// Everything that a profile reads, its set-up included.
  mutating func record(_ bound: BoundProfile) async throws(CommandFailure) {
    var decoder = EndpointDecoder(bound)
    for _ in 0..<RegisterImage.maxSetupReads {
      guard let range = decoder.nextSetupRead() else { break }
      let values = try await record(range)
      decoder.acceptSetup(values.map { .registers($0) } ?? .exception(2))
    }
    for (index, part) in bound.profile.parts.enumerated()
    where part.points.contains(where: { $0.name == "serialNumber" }) {
      if let value = decoder.registers(of: "serialNumber", part: index) {
        capture.serials[number(of: value.range.space), default: []].append(value.range)
      }
    }
    for planned in decoder.readPlan { try await record(planned.range) }
    // Not part of any plan: what commands look at is read all the same.
    if let problem = decoder.setupProblem { throw CommandFailure(message: problem) }
  }
}

/// The chain of models of a SunSpec device.
enum SunSpecChain {
  /// `SunS`.
  static let marker: [UInt16] = [0x5375, 0x6E53]
  /// A longer chain is broken or endless.
  static let maxModels = 64

  /// One model in an image.
  struct Model {
    var id: UInt16
    /// Of its ID register.
    var address: Int
    /// Registers behind ID and length.
    var length: Int
  }

  /// The models in an image, and where the chain begins; empty without a marker.
  static func models(in image: RegisterImage) -> (base: UInt16?, models: [Model]) {
    let holding = image[.holding]
    let known: [UInt16] = [40000, 0, 50000]
    let others = holding.keys.sorted().filter { holding[$0] == marker[0] && !known.contains($0) }
    for base in known + others where holding[base] == marker[0] && holding[base &+ 1] == marker[1] {
      var models: [Model] = []
      var address = Int(base) + 2
      while models.count < maxModels, let place = UInt16(exactly: address), let next = UInt16(exactly: address + 1),
        let id = holding[place], let length = holding[next], id != 0xFFFF, id != 0
      {
        models.append(Model(id: id, address: address, length: Int(length)))
        address += Int(length) + 2
      }
      return (base, models)
    }
    return (nil, [])
  }
}
