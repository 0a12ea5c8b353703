public import EnergyModel

/// A link of the running configuration, so that what it reaches is not found anew.
public struct KnownLink: Sendable {
  /// Where it leads.
  public enum Place: Sendable, Hashable {
    /// Modbus over the network.
    case socket(host: String, port: Int)
    /// A serial line.
    case line(device: String)
    /// A broker.
    case broker(host: String, port: Int)
    /// `http://host[:port]`
    case web(origin: String)
  }

  /// A device behind it.
  public struct Device: Sendable {
    /// Its id in the configuration.
    public var id: String
    /// Its profile.
    public var profile: String
    /// The profile's name for people.
    public var product: String
    /// The unit on a Modbus bus.
    public var unit: Int?
    /// The parameters of the installation.
    public var parameters: [String: ScalarValue]

    /// Everything as given.
    public init(id: String, profile: String, product: String, unit: Int?, parameters: [String: ScalarValue]) {
      self.id = id
      self.profile = profile
      self.product = product
      self.unit = unit
      self.parameters = parameters
    }
  }

  /// Its id in the configuration.
  public var id: String
  /// Where it leads.
  public var place: Place
  /// What is behind it.
  public var devices: [Device]

  /// Everything as given.
  public init(id: String, place: Place, devices: [Device]) {
    self.id = id
    self.place = place
    self.devices = devices
  }
}

extension KnownLink.Place {
  /// The same with the address in place of the name; takes as long as the system's resolver.
  var resolved: [KnownLink.Place] {
    switch self {
    case .socket(let host, let port):
      NetworkAddress.addresses(of: host).map { .socket(host: $0, port: port) } + [self]
    case .broker(let host, let port):
      NetworkAddress.addresses(of: host).map { .broker(host: $0, port: port) } + [self]
    case .line, .web: [self]
    }
  }
}
