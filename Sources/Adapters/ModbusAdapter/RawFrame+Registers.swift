import DeviceProfiles

extension RawFrame.Body {
  /// The answer to a read: one number for each register or bit.
  init(_ range: RegisterRange, _ values: [UInt16]) {
    self =
      range.table.isBits
      ? .bits(unit: range.unit, table: range.table, address: range.address, values: values.map { $0 != 0 })
      : .registers(unit: range.unit, table: range.table, address: range.address, values: values)
  }
}
