/// Where the gateway's Unix socket is found. The CLI searches here, and the demo listens here.
public enum SocketLocations {
  /// The socket of the installed service.
  public static let service = "/run/heddle/heddle.sock"
  /// Names the socket when it is somewhere else.
  public static let environmentVariable = "HEDDLE_SOCKET"
  /// The longest path of a Unix socket on Linux, without the final zero byte.
  public static let maxPathBytes = 107

  /// The socket of the demo: in the user's runtime directory, or in `/tmp` where there is none.
  ///
  /// - Parameters:
  ///   - environment: the variables of the process; `XDG_RUNTIME_DIR` is looked at.
  ///   - userID: the numeric user id.
  public static func demo(environment: [String: String], userID: UInt32) -> String {
    if let directory = environment["XDG_RUNTIME_DIR"], !directory.isEmpty {
      return "\(directory)/heddle-demo/heddle.sock"
    }
    return fallbackDemo(userID: userID)
  }

  /// Where the CLI looks without options, best first. `$HEDDLE_SOCKET`, when it is set, is the only one.
  public static func candidates(environment: [String: String], userID: UInt32) -> [String] {
    if let path = environment[environmentVariable], !path.isEmpty { return [path] }
    let demo = demo(environment: environment, userID: userID)
    let fallback = fallbackDemo(userID: userID)
    return demo == fallback ? [service, demo] : [service, demo, fallback]
  }

  private static func fallbackDemo(userID: UInt32) -> String { "/tmp/heddle-demo-\(userID)/heddle.sock" }
}
