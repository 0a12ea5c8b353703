import EnergyModel

/// The last labels, flags and texts. They are few and rarely change, so they take a lock instead of the ring.
struct LatestWords {
  struct Slot {
    let device: Int
    let field: Field
    var reading: Reading?
    /// Monotonic milliseconds; `nil` for a value from before the start.
    var acceptedAt: Int64?
    var isDirty = false
  }

  private(set) var slots: [Slot] = []
  /// What changed since the last flush, by slot.
  private(set) var changes: [(slot: Int, reading: Reading)] = []
  /// Changes that were left out because the store could not take them for too long.
  private(set) var droppedChanges: UInt64 = 0
  /// Changes that are held; 0 = none are kept.
  var changeLimit = 0
  /// Slots of a device, in the layout's order.
  private(set) var slotsOfDevice: [[Int]] = []
  private var indices: [Int32]

  init(layout: PipelineLayout) {
    indices = Array(repeating: -1, count: layout.devices.count * Field.all.count)
    for (device, description) in layout.devices.enumerated() {
      var own: [Int] = []
      for field in description.fields where !field.isNumeric && index(device, field) == nil {
        indices[device * Field.all.count + Int(field.index)] = Int32(slots.count)
        own.append(slots.count)
        slots.append(Slot(device: device, field: field))
      }
      slotsOfDevice.append(own)
    }
  }

  /// Where a field of a device is kept; `nil` if it is not bound or a number. The device must be in the layout.
  func index(_ device: Int, _ field: Field) -> Int? {
    let index = indices[device * Field.all.count + Int(field.index)]
    return index < 0 ? nil : Int(index)
  }

  /// Takes a reading; returns whether the value or its quality is another one now.
  mutating func accept(_ reading: Reading, slot: Int, acceptedAt: Int64?) -> Bool {
    let old = slots[slot].reading
    // Wall time can have been set back: what came later over the same wire is newer, unless the device itself dates it.
    if let old, reading.observedAt < old.observedAt, reading.observedAt != reading.receivedAt { return false }
    slots[slot].reading = reading
    slots[slot].acceptedAt = acceptedAt
    slots[slot].isDirty = true
    let isChanged = old?.value != reading.value || old?.quality != reading.quality
    if isChanged, acceptedAt != nil { keep([(slot, reading)]) }
    return isChanged
  }

  /// Takes the changes out.
  mutating func takeChanges() -> [(slot: Int, reading: Reading)] {
    defer { changes = [] }
    return changes
  }

  /// Puts back what the store did not take, before everything that came since.
  mutating func restoreChanges(_ older: [(slot: Int, reading: Reading)]) {
    let newer = takeChanges()
    keep(older + newer)
  }

  private mutating func keep(_ more: [(slot: Int, reading: Reading)]) {
    guard changeLimit > 0 else { return }
    let room = max(0, changeLimit - changes.count)
    changes += more.prefix(room)
    droppedChanges &+= UInt64(max(0, more.count - room))
  }

  mutating func mark(_ slot: Int, isDirty: Bool) { slots[slot].isDirty = isDirty }
}
