import EnergyModel

/// All readings of one flush in one blob: written once, in the order in which they came.
///
/// Each reading takes the step from the series and the time of the one before it, a byte with quality and form, and
/// the number: eight bytes for most.
enum RawGroup {
  private static let version: UInt8 = 1
  /// The least that a reading takes.
  private static let leastBytes = 3

  static func encode(_ samples: [RawSample]) -> [UInt8] {
    var writer = CompactWriter()
    writer.reserve(samples.count * 10 + 16)
    writer.byte(version)
    writer.unsigned(UInt64(samples.count))
    var series: Int64 = 0
    var time: Int64 = 0
    for sample in samples {
      let form = NumberForm.best(sample.value)
      writer.signed(Int64(sample.series) - series)
      writer.signed(sample.observedAt &- time)
      writer.byte(sample.quality.rawValue << 4 | form.rawValue)
      switch form {
      case .none: break
      case .double: writer.fixed(sample.value.bitPattern, count: 8)
      case .float: writer.fixed(UInt64(Float(sample.value).bitPattern), count: 4)
      default: writer.signed(form.integer(sample.value) ?? 0)
      }
      series = Int64(sample.series)
      time = sample.observedAt
    }
    return writer.bytes
  }

  /// Calls `body` with every reading, in order.
  static func decode(_ bytes: [UInt8], _ body: (RawSample) -> Void) throws(GatewayStoreError) {
    var reader = CompactReader(bytes)
    let found = try reader.byte()
    guard found == version else { throw CompactReader.damaged("a group of readings has version \(found)") }
    var series: Int64 = 0
    var time: Int64 = 0
    for _ in 0..<(try reader.count(bytesPerElement: leastBytes)) {
      series &+= try reader.signed()
      time &+= try reader.signed()
      let tag = try reader.byte()
      guard let quality = Quality(rawValue: tag >> 4), let form = NumberForm(rawValue: tag & 0x0F),
        let id = UInt32(exactly: series)
      else { throw CompactReader.damaged("a reading has no meaning") }
      let value: Double
      switch form {
      case .none: value = .nan
      case .double: value = Double(bitPattern: try reader.fixed(count: 8))
      case .float: value = Double(Float(bitPattern: UInt32(truncatingIfNeeded: try reader.fixed(count: 4))))
      default: value = form.number(try reader.signed())
      }
      body(RawSample(series: id, value: value, quality: quality, observedAt: time))
    }
  }
}
