import Hummingbird
import Logging
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the server knows of a request besides the request itself.
struct APIRequestContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel
  /// The same in the header, in problems and in the log.
  var requestID = ""
  /// What the answer gets besides its own headers.
  let answer = AnswerHeaders()

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }

  /// Whether it came through the Unix socket.
  var isLocalSocket: Bool { channel.localAddress?.protocol == .unix }

  /// The other side's address without port.
  var remoteAddress: String { channel.remoteAddress?.ipAddress ?? "unknown" }

  /// The user at the other end of the Unix socket, as the kernel says; `nil` where it cannot be asked.
  func peerUserID() async -> UInt32? {
    #if os(Linux)
      guard let provider = channel as? any SocketOptionProvider else { return nil }
      let credentials: PeerCredentials? = try? await provider.unsafeGetSocketOption(
        level: SocketOptionLevel(SOL_SOCKET), name: SocketOptionName(SO_PEERCRED)
      ).get()
      return credentials?.userID
    #else
      return nil
    #endif
  }
}

/// The layout of Linux' `struct ucred`, as `SO_PEERCRED` gives it.
private struct PeerCredentials: Sendable {
  var processID: Int32
  var userID: UInt32
  var groupID: UInt32
}
