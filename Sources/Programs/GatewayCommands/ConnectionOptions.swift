import ArgumentParser
import Foundation
import LocalAPIClient
import LocalAPISchema

/// Where the gateway is, and how answers are shown. The same on every command.
struct ConnectionOptions: ParsableArguments {
  @Option(help: "Address of the gateway's API, such as http://heddle.local:8480.")
  var url: String?

  @Option(help: "API key for --url; $HEDDLE_KEY is used without it.")
  var key: String?

  @Option(help: "File with who signed the gateway's certificate, for https; $HEDDLE_CA is used without it.")
  var ca: String?

  @Option(help: "Path of the gateway's Unix socket.")
  var socket: String?

  @Flag(help: "Show the API's answer as JSON.")
  var json = false

  static let keyVariable = "HEDDLE_KEY"
  static let authorityVariable = "HEDDLE_CA"

  func validate() throws {
    if url != nil, socket != nil { throw ValidationError("Give either --url or --socket, not both.") }
    if ca != nil, url?.hasPrefix("https://") != true { throw ValidationError("--ca belongs to --url https://….") }
    if let url, Self.isWrong(url) {
      throw ValidationError("'\(url)' is not an address such as http://127.0.0.1:8480.")
    }
  }

  private static func isWrong(_ text: String) -> Bool {
    guard let url = URL(string: text), let host = url.host else { return true }
    return host.isEmpty || !["http", "https"].contains(url.scheme ?? "")
  }

  /// Who is trusted over HTTPS; `nil` = the system's authorities.
  func authorities(environment: [String: String]) throws(APIClientError) -> TrustedAuthorities? {
    let named = ca ?? environment[Self.authorityVariable].flatMap { $0.isEmpty ? nil : $0 }
    guard let named, url?.hasPrefix("https://") == true else { return nil }
    return try TrustedAuthorities(file: named)
  }

  /// The gateway that is meant: what the options say, or the first socket that exists.
  func address(
    environment: [String: String], userID: UInt32, exists: (String) -> Bool
  ) throws(CommandFailure) -> GatewayAddress {
    if let url { return .url(url, key: key ?? environment[Self.keyVariable].flatMap { $0.isEmpty ? nil : $0 }) }
    let candidates = socket.map { [$0] } ?? SocketLocations.candidates(environment: environment, userID: userID)
    for path in candidates where path.utf8.count > SocketLocations.maxPathBytes {
      throw CommandFailure(
        message: "the socket path has more than \(SocketLocations.maxPathBytes) bytes: \(path)",
        hint: "choose a shorter one with --socket or $\(SocketLocations.environmentVariable)", status: .configuration)
    }
    if let path = candidates.first(where: exists) { return .socket(path: path) }
    throw CommandFailure(
      message: "no gateway runs here (looked for \(candidates.joined(separator: ", ")))",
      hint: "start it with 'systemctl start heddled' or 'make run', or say where it is with --url or --socket",
      status: .unreachable)
  }
}
