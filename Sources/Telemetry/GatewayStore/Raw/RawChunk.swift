import EnergyModel

/// The readings of one series over some minutes in one blob: three to four bytes a reading for most.
///
/// Three columns one after the other: times as the change of their distance, qualities by how often they repeat, and
/// numbers. Numbers that are steps of one size are integers and written as differences; others as what changed in
/// their bits.
enum RawChunk {
  private static let version: UInt8 = 1
  /// Beside the quality: there is a number.
  private static let hasNumber: UInt8 = 0x80

  static func encode(_ samples: ArraySlice<RawSample>) -> [UInt8] {
    var writer = CompactWriter()
    writer.reserve(samples.count * 5 + 16)
    writer.byte(version)
    writer.unsigned(UInt64(samples.count))
    encodeTimes(samples, &writer)
    encodeQualities(samples, &writer)
    encodeNumbers(samples, &writer)
    return writer.bytes
  }

  /// Calls `body` with every reading, in order.
  static func decode(
    _ bytes: [UInt8], series: UInt32, _ body: (RawSample) -> Void
  ) throws(GatewayStoreError) {
    var reader = CompactReader(bytes)
    let found = try reader.byte()
    guard found == version else { throw CompactReader.damaged("a chunk of readings has version \(found)") }
    let count = try reader.count(bytesPerElement: 1)
    let times = try decodeTimes(count, &reader)
    let runs = try decodeQualities(count, &reader)
    var numbers = try NumberReader(&reader)
    var index = 0
    for run in runs {
      for _ in 0..<run.count {
        let value = run.hasNumber ? try numbers.next(&reader) : .nan
        body(RawSample(series: series, value: value, quality: run.quality, observedAt: times[index]))
        index += 1
      }
    }
  }

  // MARK: Times

  private static func encodeTimes(_ samples: ArraySlice<RawSample>, _ writer: inout CompactWriter) {
    var last: Int64 = 0
    var step: Int64 = 0
    for sample in samples {
      let next = sample.observedAt &- last
      writer.signed(next &- step)
      // The first distance is from 1970 and no guess for the next one.
      step = last == 0 ? 0 : next
      last = sample.observedAt
    }
  }

  private static func decodeTimes(_ count: Int, _ reader: inout CompactReader) throws(GatewayStoreError) -> [Int64] {
    var times: [Int64] = []
    times.reserveCapacity(count)
    var last: Int64 = 0
    var step: Int64 = 0
    for _ in 0..<count {
      let next = step &+ (try reader.signed())
      step = last == 0 ? 0 : next
      last &+= next
      times.append(last)
    }
    return times
  }

  // MARK: Qualities

  private struct Run {
    var quality: Quality
    var hasNumber: Bool
    var count: Int
  }

  private static func encodeQualities(_ samples: ArraySlice<RawSample>, _ writer: inout CompactWriter) {
    func tag(_ sample: RawSample) -> UInt8 { sample.quality.rawValue | (sample.value.isNaN ? 0 : hasNumber) }
    var index = samples.startIndex
    while index < samples.endIndex {
      let first = tag(samples[index])
      let end = samples[index...].firstIndex { tag($0) != first } ?? samples.endIndex
      writer.byte(first)
      writer.unsigned(UInt64(end - index))
      index = end
    }
  }

  private static func decodeQualities(
    _ count: Int, _ reader: inout CompactReader
  ) throws(GatewayStoreError) -> [Run] {
    var runs: [Run] = []
    var rest = count
    while rest > 0 {
      let tag = try reader.byte()
      let length = try reader.unsigned()
      guard let quality = Quality(rawValue: tag & ~hasNumber), length > 0, length <= UInt64(rest) else {
        throw CompactReader.damaged("a run of qualities has no meaning")
      }
      runs.append(Run(quality: quality, hasNumber: tag & hasNumber != 0, count: Int(length)))
      rest -= Int(length)
    }
    return runs
  }

  // MARK: Numbers

  private static func encodeNumbers(_ samples: ArraySlice<RawSample>, _ writer: inout CompactWriter) {
    let form = NumberForm.scaled.first { form in
      samples.allSatisfy { $0.value.isNaN || form.integer($0.value) != nil }
    }
    writer.byte((form ?? .double).rawValue)
    var last: Int64 = 0
    var bits: UInt64 = 0
    for sample in samples where !sample.value.isNaN {
      if let form {
        let integer = form.integer(sample.value) ?? 0
        writer.signed(integer - last)
        last = integer
      } else {
        encode(changed: sample.value.bitPattern ^ bits, &writer)
        bits = sample.value.bitPattern
      }
    }
  }

  /// The bytes of a number between its zeros: neighbours share sign, exponent and, for 32-bit numbers, the tail.
  private static func encode(changed bits: UInt64, _ writer: inout CompactWriter) {
    guard bits != 0 else { return writer.byte(0) }
    let low = bits.trailingZeroBitCount / 8
    let count = 8 - bits.leadingZeroBitCount / 8 - low
    writer.byte(UInt8(low << 4 | count))
    writer.fixed(bits >> UInt64(8 * low), count: count)
  }

  private struct NumberReader {
    private let form: NumberForm
    private var last: Int64 = 0
    private var bits: UInt64 = 0

    init(_ reader: inout CompactReader) throws(GatewayStoreError) {
      let tag = try reader.byte()
      guard let form = NumberForm(rawValue: tag), form == .double || NumberForm.scaled.contains(form) else {
        throw CompactReader.damaged("form \(tag) of numbers has no meaning")
      }
      self.form = form
    }

    mutating func next(_ reader: inout CompactReader) throws(GatewayStoreError) -> Double {
      guard form == .double else {
        last &+= try reader.signed()
        return form.number(last)
      }
      let tag = try reader.byte()
      let (low, count) = (Int(tag >> 4), Int(tag & 0x0F))
      guard low + count <= 8 else { throw CompactReader.damaged("a number has more than eight bytes") }
      if count > 0 { bits ^= try reader.fixed(count: count) << UInt64(8 * low) }
      return Double(bitPattern: bits)
    }
  }
}
