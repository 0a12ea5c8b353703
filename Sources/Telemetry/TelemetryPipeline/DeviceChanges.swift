import Synchronization

/// The devices that changed, as a sequence of sets of device indices.
///
/// What changes while the consumer is busy is put together, so a slow consumer gets larger sets and never a queue.
/// Ends when its task is cancelled or the pipeline stops.
public struct DeviceChanges: AsyncSequence, Sendable {
  /// Gives the sets.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let subscriber: ChangeSubscriber
    fileprivate var bell: AsyncStream<Void>.Iterator

    /// The devices that changed since the last call; suspends until there are some.
    public mutating func next(isolation actor: isolated (any Actor)?) async -> Set<Int>? {
      while await bell.next(isolation: actor) != nil {
        let devices = subscriber.take()
        if !devices.isEmpty { return devices }
      }
      return nil
    }
  }

  fileprivate let subscriber: ChangeSubscriber

  /// Begins to listen. Only one iterator at a time gets all changes.
  public func makeAsyncIterator() -> Iterator {
    Iterator(subscriber: subscriber, bell: subscriber.stream.makeAsyncIterator())
  }
}

/// One listener: the devices that it has not heard of yet, and the bell that says so.
final class ChangeSubscriber: Sendable {
  let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation
  let isWanted: @Sendable () -> Bool
  private let devices = Mutex<Set<Int>>([])

  init(where isWanted: @escaping @Sendable () -> Bool) {
    self.isWanted = isWanted
    (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  func add(_ changed: [Int]) {
    guard isWanted() else { return }
    devices.withLock { $0.formUnion(changed) }
    continuation.yield()
  }

  func take() -> Set<Int> {
    devices.withLock { devices in
      defer { devices = [] }
      return devices
    }
  }

  func finish() { continuation.finish() }

  func onEnd(_ body: @escaping @Sendable () -> Void) { continuation.onTermination = { _ in body() } }
}

/// All listeners.
final class ChangeHub: Sendable {
  private struct State {
    var subscribers: [Int: ChangeSubscriber] = [:]
    var nextID = 0
    var isFinished = false
  }

  private let state = Mutex(State())

  func subscribe(where isWanted: @escaping @Sendable () -> Bool) -> DeviceChanges {
    let subscriber = ChangeSubscriber(where: isWanted)
    let id: Int? = state.withLock { state in
      guard !state.isFinished else { return nil }
      state.nextID += 1
      state.subscribers[state.nextID] = subscriber
      return state.nextID
    }
    guard let id else {
      subscriber.finish()
      return DeviceChanges(subscriber: subscriber)
    }
    subscriber.onEnd { [weak self] in self?.remove(id) }
    return DeviceChanges(subscriber: subscriber)
  }

  /// Whether anybody wants to hear of changes now.
  var isWanted: Bool { state.withLock { $0.subscribers.values.contains { $0.isWanted() } } }

  func notify(_ devices: [Int]) {
    guard !devices.isEmpty else { return }
    for subscriber in state.withLock({ Array($0.subscribers.values) }) { subscriber.add(devices) }
  }

  func finish() {
    let subscribers = state.withLock { state in
      defer { state.subscribers = [:] }
      state.isFinished = true
      return Array(state.subscribers.values)
    }
    for subscriber in subscribers { subscriber.finish() }
  }

  private func remove(_ id: Int) { _ = state.withLock { $0.subscribers.removeValue(forKey: id) } }
}
