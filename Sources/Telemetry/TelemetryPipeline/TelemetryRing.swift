public import Synchronization

/// A bounded queue of samples between one producer and one consumer, without locks.
///
/// The two ends are `~Copyable` handles: the compiler keeps each of them in one place, so "one producer, one consumer"
/// cannot be broken by passing the ring around. The producer writes samples into free slots (`stage`) and makes them
/// visible all at once (`publish`); the consumer gets them in order, as the memory that they lie in (`drain`). Each end
/// keeps its own position and a copy of the other's, and looks at the shared one only when the copy says full or empty.
@frozen
public struct TelemetryRing: ~Copyable, Sendable {
  /// The end that puts in; to be moved to where the samples come from.
  public var producer: Producer
  /// The end that takes out; to be moved to where the samples go.
  public var consumer: Consumer

  /// Makes a ring and its two ends.
  ///
  /// - Parameters:
  ///   - minimumCapacity: samples that fit at least; rounded up to a power of two, at most 2^24.
  ///   - doorbell: rung by each publish; `nil` where the consumer looks by itself.
  public init(minimumCapacity: Int, doorbell: Doorbell? = nil) {
    let storage = Storage(capacity: Self.capacity(atLeast: minimumCapacity))
    producer = Producer(storage, doorbell)
    consumer = Consumer(storage)
  }

  /// The end that puts in. To be used by one thread at a time.
  @frozen
  public struct Producer: ~Copyable, Sendable {
    @usableFromInline let storage: Storage
    @usableFromInline let doorbell: Doorbell?
    /// Samples staged so far.
    @usableFromInline var tail = 0
    /// Samples taken out when last looked.
    @usableFromInline var seenHead = 0

    fileprivate init(_ storage: Storage, _ doorbell: Doorbell?) {
      self.storage = storage
      self.doorbell = doorbell
    }

    /// Writes a sample into the next free slot; the consumer sees it after `publish`.
    ///
    /// - Returns: `false` if the ring is full; then nothing was written.
    @inlinable
    public mutating func stage(_ sample: Sample) -> Bool {
      if tail &- seenHead > storage.mask {
        seenHead = storage.head.load(ordering: .acquiring)
        if tail &- seenHead > storage.mask { return false }
      }
      storage.write(sample, at: tail & storage.mask)
      tail &+= 1
      return true
    }

    /// A ring that is full to this part does not wait for the end of a rest.
    @usableFromInline static let urgentShare = 4

    /// Makes all staged samples visible to the consumer and wakes it if it sleeps.
    @inlinable
    public mutating func publish() {
      show()
      ring()
    }

    /// Makes all staged samples visible to the consumer, for a caller that takes them out itself or rings later.
    @inlinable
    public func show() { storage.tail.store(tail, ordering: .releasing) }

    /// Wakes the consumer if it sleeps.
    @inlinable
    public mutating func ring() {
      guard let doorbell else { return }
      let urgent = storage.mask / Self.urgentShare
      if tail &- seenHead > urgent { seenHead = storage.head.load(ordering: .acquiring) }
      doorbell.ring(isUrgent: tail &- seenHead > urgent)
    }

    /// Samples that are staged or wait for the consumer.
    @inlinable public var occupancy: Int { tail &- storage.head.load(ordering: .relaxed) }

    /// Samples that fit.
    @inlinable public var capacity: Int { storage.mask &+ 1 }
  }

  /// The end that takes out. To be used by one thread at a time.
  @frozen
  public struct Consumer: ~Copyable, Sendable {
    @usableFromInline let storage: Storage
    /// Samples taken out so far.
    @usableFromInline var head = 0
    /// Samples published when last looked.
    @usableFromInline var seenTail = 0

    fileprivate init(_ storage: Storage) { self.storage = storage }

    /// Hands over what was published, oldest first, in at most two pieces, and frees its slots afterwards.
    ///
    /// - Parameters:
    ///   - limit: samples to hand over at most.
    ///   - body: sees the samples where they lie.
    /// - Returns: how many were handed over.
    @inlinable
    @discardableResult
    public mutating func drain(max limit: Int = .max, _ body: (Span<Sample>) -> Void) -> Int {
      if seenTail &- head < limit { seenTail = storage.tail.load(ordering: .acquiring) }
      let count = min(seenTail &- head, max(0, limit))
      guard count > 0 else { return 0 }
      let start = head & storage.mask
      let untilEnd = min(count, storage.mask &+ 1 &- start)
      // The producer does not touch these slots before `head` has moved past them.
      body(UnsafeBufferPointer(start: storage.slots + start, count: untilEnd).span)
      if untilEnd < count {
        body(UnsafeBufferPointer(start: storage.slots, count: count &- untilEnd).span)
      }
      head &+= count
      storage.head.store(head, ordering: .releasing)
      return count
    }

    /// Whether nothing is published that was not taken out.
    @inlinable public var isEmpty: Bool { storage.tail.load(ordering: .acquiring) == head }

    /// Samples that are published and not taken out yet.
    @inlinable public var occupancy: Int { storage.tail.load(ordering: .relaxed) &- head }

    /// Samples that fit.
    @inlinable public var capacity: Int { storage.mask &+ 1 }
  }

  /// The memory that both ends share.
  ///
  /// `@unchecked`: a slot is written by the producer only while `head...tail` does not cover it, and read by the
  /// consumer only while it does; the release stores and acquire loads of the two positions order these accesses.
  @usableFromInline
  final class Storage: @unchecked Sendable {
    @usableFromInline let mask: Int
    @usableFromInline let slots: UnsafeMutablePointer<Sample>
    @usableFromInline let padding0 = CacheLine()
    /// Samples taken out so far; written by the consumer.
    @usableFromInline let head = Atomic<Int>(0)
    // The two positions lie on cache lines of their own, or each store would slow the other side down.
    @usableFromInline let padding1 = CacheLine()
    /// Samples published so far; written by the producer.
    @usableFromInline let tail = Atomic<Int>(0)
    @usableFromInline let padding2 = CacheLine()

    @usableFromInline
    init(capacity: Int) {
      mask = capacity - 1
      // No sample lies on two cache lines.
      slots = UnsafeMutableRawPointer.allocate(
        byteCount: capacity * MemoryLayout<Sample>.stride, alignment: MemoryLayout<CacheLine>.size
      ).bindMemory(to: Sample.self, capacity: capacity)
      slots.initialize(repeating: Sample(series: 0, value: 0, observedAt: 0), count: capacity)
    }

    /// Writes a sample as a whole: of stores that wait for a line from the other processor there is room for few, and
    /// one for each field would fill it with a fourth of the lines.
    @inlinable
    func write(_ sample: Sample, at slot: Int) {
      typealias Words = SIMD4<UInt64>
      UnsafeMutableRawPointer(slots + slot).storeBytes(of: unsafeBitCast(sample, to: Words.self), as: Words.self)
    }

    deinit { slots.deallocate() }
  }

  private static func capacity(atLeast minimum: Int) -> Int {
    let largest = 1 << 24
    guard minimum < largest else { return largest }
    return 1 << (Int.bitWidth - (max(2, minimum) - 1).leadingZeroBitCount)
  }

  /// 128 bytes, because some processors fetch lines in pairs.
  @usableFromInline
  struct CacheLine {
    @usableFromInline
    let words:
      (
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
        UInt64, UInt64
      ) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    @usableFromInline
    init() {}
  }
}
