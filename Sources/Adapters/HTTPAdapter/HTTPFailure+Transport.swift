import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

extension HTTPFailure {
  /// Puts an error of the client library into words. Its own texts are not used, because they may repeat headers.
  init(_ error: any Error, origin: String) {
    switch error {
    case let failure as HTTPFailure: self = failure
    case is PinMismatch:
      self.init(.unreachable, "\(origin) shows a certificate with another fingerprint than the configured one")
    case NIOSSLError.handshakeFailed, NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate,
      NIOSSLError.cannotMatchULabel:
      self.init(.unreachable, HTTPFailure.handshakeText(of: error, origin: origin))
    // Later than the handshake: the request may have arrived.
    case is NIOSSLError: self.init(.brokenOff, "the encrypted connection to \(origin) ended early")
    case is NIOSSLExtraError:
      self.init(.unreachable, "the certificate of \(origin) was made for another name; nothing was sent")
    case is BoringSSLError:
      self.init(.brokenOff, "the encrypted connection to \(origin) failed")
    case let error as HTTPClientError: self = HTTPFailure.translate(error, origin: origin)
    case let error as NIOConnectionError: self.init(.unreachable, HTTPFailure.text(of: error, origin: origin))
    case let error as ChannelError: self = HTTPFailure.translate(error, origin: origin)
    case is NIOTooManyBytesError:
      let limit = HTTPLinkConfiguration.maximumAnswerBytes / (1024 * 1024)
      self.init(.notUnderstood, "the answer is larger than \(limit) MiB")
    case is HTTPParserError, is NIOHTTPDecoderError:
      self.init(.brokenOff, "the answer ended early or is not HTTP")
    case let error as IOError: self = HTTPFailure.translate(error, origin: origin)
    default:
      self.init(.brokenOff, "the exchange with \(origin) failed (\(type(of: error)))")
    }
  }

  /// Whether an error only says that the other side ended the connection.
  static func isEndOfConnection(_ error: any Error) -> Bool {
    switch error {
    case let error as HTTPClientError: error == .remoteConnectionClosed
    case let error as IOError: error.errnoCode == ECONNRESET || error.errnoCode == EPIPE
    case let error as ChannelError: error == .ioOnClosedChannel || error == .alreadyClosed || error == .eof
    default: false
    }
  }

  private init(_ kind: Kind, _ message: String) {
    self.init(kind: kind, message: message)
  }

  private static func translate(_ error: HTTPClientError, origin: String) -> HTTPFailure {
    switch error {
    case .connectTimeout, .getConnectionFromPoolTimeout:
      HTTPFailure(.unreachable, "no connection to \(origin) in time")
    case .tlsHandshakeTimeout: HTTPFailure(.unreachable, "\(origin) does not finish the TLS handshake")
    case .invalidURL, .emptyHost, .emptyScheme: HTTPFailure(.invalidRequest, "the request has no valid URL")
    case .remoteConnectionClosed:
      HTTPFailure(.brokenOff, "\(origin) closed the connection before the answer was complete")
    case .cancelled: HTTPFailure(.stopped, "the link was stopped")
    default: HTTPFailure(.brokenOff, "the exchange with \(origin) failed (\(error.shortDescription))")
    }
  }

  private static func translate(_ error: ChannelError, origin: String) -> HTTPFailure {
    switch error {
    case .connectTimeout, .connectPending: HTTPFailure(.unreachable, "no connection to \(origin) in time")
    default: HTTPFailure(.brokenOff, "\(origin) closed the connection")
    }
  }

  private static func handshakeText(of error: any Error, origin: String) -> String {
    if case NIOSSLError.handshakeFailed(let reason) = error, "\(reason)".contains("CERTIFICATE_VERIFY_FAILED") {
      return "the certificate of \(origin) is not trusted; nothing was sent. Configure its authority or fingerprint"
    }
    return "\(origin) does not speak TLS, or not the same version; nothing was sent"
  }

  private static func text(of error: NIOConnectionError, origin: String) -> String {
    if let first = error.connectionErrors.first {
      guard let failure = first.error as? IOError else { return "no connection to \(origin) in time" }
      return "no connection to \(origin): \(words(errorNumber: failure.errnoCode))"
    }
    return "the name \(error.host) cannot be resolved"
  }

  /// A connection that was made does not fail with these: its own failures show after many minutes of silence, and
  /// every request has ended by then.
  private static func translate(_ error: IOError, origin: String) -> HTTPFailure {
    let words = words(errorNumber: error.errnoCode)
    return switch error.errnoCode {
    case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, EADDRNOTAVAIL, EMFILE, ENFILE:
      HTTPFailure(.unreachable, "no connection to \(origin): \(words)")
    default: HTTPFailure(.brokenOff, "the connection to \(origin) broke: \(words)")
    }
  }

  private static func words(errorNumber: CInt) -> String {
    switch errorNumber {
    case ECONNREFUSED: "connection refused"
    case EHOSTUNREACH, EHOSTDOWN: "the host cannot be reached"
    case ENETUNREACH, ENETDOWN: "the network cannot be reached"
    case ECONNRESET, EPIPE: "closed by the device"
    case EMFILE, ENFILE: "the gateway has no file descriptors left"
    default: "error \(errorNumber) of the operating system"
    }
  }
}
