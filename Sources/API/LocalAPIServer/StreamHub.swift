public import LocalAPISchema
internal import Synchronization

/// Fans events and device states out to the clients of `GET /v1/stream`, without ever waiting for one of them.
///
/// Every client has a bounded queue. A client that does not read loses the newest messages, and each loss is counted.
public final class StreamHub: Sendable {
  /// What a client of the stream gets.
  public enum Message: Sendable, Hashable {
    /// Something happened; it is in the event log already.
    case event(EventResource)
    /// The state of a device changed.
    case state(StateEnvelope, customerId: String?)
    /// Nothing happened for a while. Only the server itself sends it.
    case signOfLife
  }

  /// Messages that wait for one client at most.
  public static let maxQueuedMessages = 256
  /// Clients at most; more are refused with 429.
  public static let maxClients = 64

  private struct State {
    var nextID = 0
    var clients: [Int: Client] = [:]
    var dropped: UInt64 = 0
    var isClosed = false
  }

  private struct Client {
    let queue: AsyncStream<Message>.Continuation
    var lost = 0
  }

  private let state = Mutex(State())

  /// A hub without clients.
  public init() {}

  /// Messages lost so far because clients were slow.
  public var droppedMessages: UInt64 { state.withLock { $0.dropped } }
  /// Clients that listen now.
  public var clientCount: Int { state.withLock { $0.clients.count } }

  /// Hands a message to all clients. Never waits; safe from any thread.
  public func publish(_ message: Message) {
    state.withLock { state in
      for (id, client) in state.clients {
        guard case .dropped = client.queue.yield(message) else { continue }
        state.clients[id]?.lost += 1
        state.dropped += 1
      }
    }
  }

  /// Ends all streams and refuses new ones.
  public func close() {
    let clients = state.withLock { state in
      state.isClosed = true
      defer { state.clients = [:] }
      return Array(state.clients.values)
    }
    for client in clients { client.queue.finish() }
  }

  /// A new client's queue; `nil` when there are too many clients or the hub is closed.
  func subscribe() -> Subscription? {
    let (messages, queue) = AsyncStream<Message>.makeStream(
      bufferingPolicy: .bufferingOldest(Self.maxQueuedMessages))
    let id: Int? = state.withLock { state in
      guard !state.isClosed, state.clients.count < Self.maxClients else { return nil }
      state.nextID += 1
      state.clients[state.nextID] = Client(queue: queue)
      return state.nextID
    }
    return id.map { Subscription(id: $0, hub: self, messages: messages, queue: queue) }
  }

  /// One client's end of the hub. It leaves the hub when nobody holds it any more, also if no byte was ever written.
  final class Subscription: Sendable {
    private let id: Int
    private let hub: StreamHub
    let messages: AsyncStream<Message>
    private let queue: AsyncStream<Message>.Continuation

    fileprivate init(
      id: Int, hub: StreamHub, messages: AsyncStream<Message>, queue: AsyncStream<Message>.Continuation
    ) {
      self.id = id
      self.hub = hub
      self.messages = messages
      self.queue = queue
    }

    deinit { end() }

    /// Wakes the reader without a message.
    func signOfLife() { queue.yield(.signOfLife) }

    /// How many messages were lost since the last question.
    func takeLoss() -> Int {
      hub.state.withLock { state in
        let lost = state.clients[id]?.lost ?? 0
        state.clients[id]?.lost = 0
        return lost
      }
    }

    /// The client is gone.
    func end() {
      hub.state.withLock { _ = $0.clients.removeValue(forKey: id) }
      queue.finish()
    }
  }
}
