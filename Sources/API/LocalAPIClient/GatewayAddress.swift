/// Where a gateway is reached.
public enum GatewayAddress: Sendable, Hashable, CustomStringConvertible {
  /// Over TCP; `key` is the API key.
  case url(String, key: String?)
  /// Through a Unix socket, without a key.
  case socket(path: String)

  /// Without the key.
  public var description: String {
    switch self {
    case .url(let url, _): url
    case .socket(let path): path
    }
  }
}
