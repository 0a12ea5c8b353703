extension RegisterMap {
  /// A place in memory without references.
  struct Cell: Sendable, BitwiseCopyable {
    /// How its registers become a number; `other` where that takes more.
    enum Kind: Sendable, BitwiseCopyable { case other, unsigned, i16, i32, f32 }

    let address: Int
    let count: Int
    let point: Int
    let kind: Kind
    let isScaleFactor: Bool
    /// Index into `scaleFactors`; −1 if it has none.
    let scaleFactor: Int
    /// What the bits under the mask are where the standard says that there is no value.
    let missing: UInt64
    let missingMask: UInt64
    private let isLowWordFirst: Bool
    private let swapsBytes: Bool

    init(_ place: Place, isPlain: Bool) {
      address = place.address
      count = place.count
      point = place.point
      isScaleFactor = place.isScaleFactor
      scaleFactor = place.scaleFactor ?? -1
      isLowWordFirst = place.order.isLowWordFirst
      swapsBytes = place.order.swapsBytes
      (missing, missingMask) = place.standard?.missingBits ?? (1, 0)
      guard isPlain, place.words.isEmpty, place.group == nil else {
        kind = .other
        return
      }
      kind =
        switch place.type {
        case .u16, .u32, .u64: .unsigned
        case .i16: .i16
        case .i32: .i32
        case .f32: .f32
        case .u8, .i8, .i64, .f64, .bcd16, .bcd32, .string, .bit: .other
        }
    }

    /// The bits of the registers from an index on, in their order.
    func pattern(_ registers: [UInt16], at start: Int) -> UInt64 {
      var pattern: UInt64 = 0
      for index in 0..<count {
        let word = registers[isLowWordFirst ? start + count - 1 - index : start + index]
        pattern = pattern << 16 | UInt64(swapsBytes ? word.byteSwapped : word)
      }
      return pattern
    }

    /// The number that bits are.
    func number(_ pattern: UInt64) -> Double {
      switch kind {
      case .unsigned, .other: Double(pattern)
      case .i16: Double(Int16(truncatingIfNeeded: pattern))
      case .i32: Double(Int32(truncatingIfNeeded: pattern))
      case .f32: Double(Float(bitPattern: UInt32(truncatingIfNeeded: pattern)))
      }
    }
  }

  /// The cells of one table, by address.
  struct Cells: Sendable {
    private let all: [Cell]
    /// Whether some have to be read before the others.
    let hasScaleFactors: Bool

    init(_ places: [Place], _ layout: EndpointLayout?) {
      all = places.map { Cell($0, isPlain: layout?.plain[$0.point] != nil) }
      hasScaleFactors = places.contains { $0.isScaleFactor }
    }

    /// Hands over the cells that lie wholly within a range of addresses, with their index.
    func forEach(in range: Range<Int>, isScaleFactor: Bool, _ body: (Int, Cell) -> Void) {
      var index = firstIndex(at: range.lowerBound)
      while index < all.count, all[index].address < range.upperBound {
        let cell = all[index]
        if cell.isScaleFactor == isScaleFactor, cell.address + cell.count <= range.upperBound { body(index, cell) }
        index += 1
      }
    }

    /// The first that stands at an address or behind it.
    private func firstIndex(at address: Int) -> Int {
      var low = 0
      var high = all.count
      while low < high {
        let middle = (low + high) / 2
        if all[middle].address < address { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }
}

extension SunSpecType {
  /// `isMissing` for numbers, as bits under a mask.
  fileprivate var missingBits: (value: UInt64, mask: UInt64)? {
    switch self {
    case .u16, .enum16: (0xFFFF, 0xFFFF)
    case .bits16, .i16, .scaleFactor: (0x8000, self == .bits16 ? 0x8000 : 0xFFFF)
    case .pad: (0, 0)
    case .u32: (0xFFFF_FFFF, 0xFFFF_FFFF)
    case .bits32: (0x8000_0000, 0x8000_0000)
    case .i32: (0x8000_0000, 0xFFFF_FFFF)
    case .acc32, .acc64: (0, .max)
    case .u64: (.max, .max)
    case .i64: (0x8000_0000_0000_0000, .max)
    case .f32, .text: nil
    }
  }
}
