import Crypto
import Foundation
import NIOHTTP1
import Synchronization

/// The server's side of digest authentication, written from RFC 7616 without the adapter's code; `curl --digest` is
/// the judge of whether it is right.
final class DigestDevice: Sendable {
  struct State {
    var nonce = "nonce-1"
    var lastCount = 0
    var challenges = 0
    var accepted = 0
  }

  let user = "customer"
  let password = "p\"ss wörd"
  let realm = "Webinterface area"
  let algorithm: String
  let headerName: String
  let state = Mutex(State())

  init(algorithm: String, headerName: String = "WWW-Authenticate") {
    self.algorithm = algorithm
    self.headerName = headerName
  }

  /// Makes the nonce in use too old.
  func renewNonce() {
    state.withLock {
      $0.nonce += "x"
      $0.lastCount = 0
    }
  }

  func reply(to request: DeviceServer.Request, body: String) -> DeviceServer.Reply {
    state.withLock { state in
      guard let header = request.headers.first(name: "Authorization") else { return challenge(&state, isStale: false) }
      let fields = DigestDevice.fields(header)
      guard fields["nonce"] == state.nonce else { return challenge(&state, isStale: true) }
      guard let count = Int(fields["nc"] ?? "", radix: 16), count > state.lastCount, isRight(fields, request) else {
        return challenge(&state, isStale: false)
      }
      state.lastCount = count
      state.accepted += 1
      return .json(body)
    }
  }

  private func challenge(_ state: inout State, isStale: Bool) -> DeviceServer.Reply {
    state.challenges += 1
    let value =
      "Digest realm=\"\(realm)\", qop=\"auth\", nonce=\"\(state.nonce)\", opaque=\"abc\", algorithm=\(algorithm)"
      + (isStale ? ", stale=true" : "")
    return .answer(status: 401, headers: [(headerName, value)], body: "no")
  }

  private func isRight(_ fields: [String: String], _ request: DeviceServer.Request) -> Bool {
    let secret = hash("\(user):\(realm):\(password)")
    let action = hash("\(request.method):\(request.target)")
    let middle = "\(fields["nonce"] ?? ""):\(fields["nc"] ?? ""):\(fields["cnonce"] ?? ""):\(fields["qop"] ?? "")"
    return fields["uri"] == request.target && fields["realm"] == realm && fields["opaque"] == "abc"
      && fields["response"] == hash("\(secret):\(middle):\(action)")
  }

  private func hash(_ text: String) -> String {
    let data = Data(text.utf8)
    let bytes = algorithm == "MD5" ? Array(Insecure.MD5.hash(data: data)) : Array(SHA256.hash(data: data))
    return bytes.map { String(format: "%02x", $0) }.joined()
  }

  private static func fields(_ header: String) -> [String: String] {
    var result: [String: String] = [:]
    for match in header.matches(of: /(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^, ]+))/) {
      let quoted = match.output.2.map { String($0).replacing(/\\(.)/) { String($0.output.1) } }
      result[String(match.output.1)] = quoted ?? String(match.output.3 ?? "")
    }
    return result
  }
}
