public import DeviceProfiles
public import EnergyModel
public import ModbusWire
import LocatedYAML

/// Which devices a simulator plays and where: what a home file or the options of the command line say.
public struct HomePlan: Sendable {
  /// Where a device is reached.
  public enum Place: Sendable, Hashable {
    /// A unit behind the one Modbus TCP port.
    case modbus(unit: UInt8)
    /// A port of its own in another framing; port 0 lets the kernel choose.
    case framed(ModbusLinkKind, port: Int, unit: UInt8)
    case serial(path: String, baud: Int, unit: UInt8)
    /// A client of the one broker.
    case mqtt
    /// A server of its own; port 0 lets the kernel choose.
    case http(port: Int)
  }

  /// One product.
  public struct Device: Sendable {
    /// How it speaks.
    public var profile: BoundProfile
    /// Its name and its place in the home.
    public var options: DeviceOptions
    /// Where it is reached.
    public var place: Place

    /// One product at one place.
    public init(profile: BoundProfile, options: DeviceOptions, place: Place) {
      self.profile = profile
      self.options = options
      self.place = place
    }
  }

  /// A host and a port.
  public struct Address: Sendable, Hashable {
    /// Name or IPv4 address.
    public var host: String
    /// 1 to 65535; 0 where the kernel is to choose.
    public var port: Int

    /// A host and a port.
    public init(host: String, port: Int) {
      self.host = host
      self.port = port
    }
  }

  /// What the physics starts with.
  public var home = HomeConfiguration()
  /// Seconds since midnight at the start; `nil` = as the clock says.
  public var startSecondsOfDay: Double?
  /// All devices, in the order of the file.
  public var devices: [Device] = []
  /// Where the Modbus units listen; port 0 lets the kernel choose.
  public var modbus = Address(host: "127.0.0.1", port: 0)
  /// Where the vendor APIs listen.
  public var httpHost = "127.0.0.1"
  /// The broker; needed when a device is an MQTT device.
  public var broker: Address?

  /// A plan without devices.
  public init() {}

  /// More devices than this are refused.
  public static let maxDevices = 100

  /// `noon`, `now` or a time of day such as `7:30`, as seconds since midnight; `now` gives `.some(nil)`, and text that
  /// is none of these `nil`.
  public static func sunStart(_ text: String) -> Double?? {
    if text == "now" { return .some(nil) }
    if text == "noon" { return 12 * 3600 }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let hour = Int(parts[0]), (0...23).contains(hour) else { return nil }
    guard parts.count == 2 else { return Double(hour) * 3600 }
    guard let minute = Int(parts[1]), (0...59).contains(minute) else { return nil }
    return Double(hour * 3600 + minute * 60)
  }

  /// A parameter as written on a command line or in a file, in the type that the profile wants.
  ///
  /// A text that is no such value stays text; binding the profile says what is wrong with it.
  public static func parameterValue(_ text: String, kind: ProfileParameter.Kind?) -> ScalarValue {
    switch kind {
    case .integer, .number: Double(text).map { .number($0) } ?? .text(text)
    case .flag: text == "true" ? .flag(true) : text == "false" ? .flag(false) : .text(text)
    case .text, .choice, nil: .text(text)
    }
  }
}
