import HummingbirdCore
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// The identity that new connections see; it can be replaced while the server runs.
public final class ServingIdentity: Sendable {
  private let identity: Mutex<TLSIdentity>

  /// Starts with this one.
  public init(_ identity: TLSIdentity) { self.identity = Mutex(identity) }

  /// What new connections see. Those that are open keep theirs.
  public var current: TLSIdentity { identity.withLock { $0 } }

  /// Shows another one from now on.
  public func replace(_ other: TLSIdentity) { identity.withLock { $0 = other } }
}

/// HTTP over TLS, with the identity of the moment in which a client connects.
struct SecuredChannel: ServerChildChannel {
  let base: HTTP1Channel
  let identity: ServingIdentity

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: identity.current.context))
    }.flatMap { base.setup(channel: channel, logger: logger) }
  }

  func handle(value: HTTP1Channel.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
