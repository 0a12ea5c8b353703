import LocalAPISchema
import Testing

@testable import DeviceDiscovery

@Suite("What may be looked at")
struct DiscoveryPlanTests {
  private func problem(_ request: DiscoveryRequest) -> APIError? {
    do throws(APIError) {
      _ = try DiscoveryPlan(request)
      return nil
    } catch {
      return error
    }
  }

  @Test("A range is all of its hosts, without network and broadcast address")
  func ranges() throws {
    #expect(NetworkAddress.range("192.168.1.77/30", limit: 10) == ["192.168.1.77", "192.168.1.78"])
    #expect(NetworkAddress.range("10.0.0.5/32", limit: 10) == ["10.0.0.5"])
    #expect(NetworkAddress.range("10.0.0.4/31", limit: 10) == ["10.0.0.4", "10.0.0.5"])
    #expect(NetworkAddress.range("192.168.1.0/24", limit: 1000)?.count == 254)
    #expect(NetworkAddress.range("0.0.0.0/0", limit: 3)?.count == 4, "no more than is needed to refuse it")
    for text in ["10.0.0.0/33", "10.0.0/8", "10.0.0.256/8", "x/8", "10.0.0.0/", "10.0.0.0/-1", "fd00::/64"] {
      #expect(NetworkAddress.range(text, limit: 10) == nil, "\(text)")
    }
    let plan = try DiscoveryPlan(
      DiscoveryRequest(modbus: .init(hosts: ["10.0.0.0/30", "10.0.0.1", "inverter.local"], ports: [502, 1502])))
    #expect(plan.sockets.map(\.text).count == 6)
    #expect(plan.steps == 6)
  }

  @Test(
    "Only private networks are looked at unless somebody says otherwise",
    arguments: [
      ("10.1.2.3", true), ("172.16.0.1", true), ("172.32.0.1", false), ("192.168.0.1", true), ("192.169.0.1", false),
      ("127.0.0.1", true), ("169.254.1.1", true), ("100.64.0.1", true), ("8.8.8.8", false), ("::1", true),
      ("fd12::1", true), ("fe80::1", true), ("2001:db8::1", false), ("::ffff:8.8.8.8", false),
      ("::ffff:10.0.0.1", true), ("::", false),
    ])
  func privateNetworks(address: String, isPrivate: Bool) {
    #expect(NetworkAddress.isPrivate(address) == isPrivate)
    let request = DiscoveryRequest(modbus: .init(hosts: [address]))
    #expect((problem(request)?.code == "PUBLIC_ADDRESS") == !isPrivate)
    #expect(problem(request)?.errors.first?.pointer == (isPrivate ? nil : "/modbus/hosts/0"))
    var allowed = request
    allowed.allowPublic = true
    #expect(problem(allowed) == nil)
  }

  @Test("What cannot be looked at is refused with its place")
  func refusals() {
    let cases: [(DiscoveryRequest, String)] = [
      (DiscoveryRequest(), ""),
      (DiscoveryRequest(modbus: .init(hosts: [])), "/modbus/hosts"),
      (DiscoveryRequest(modbus: .init(hosts: ["10.0.0.0/8"])), "/modbus/hosts"),
      (DiscoveryRequest(modbus: .init(hosts: ["10.0.0.0/23"], ports: [1, 2, 3])), "/modbus/hosts"),
      (DiscoveryRequest(modbus: .init(hosts: ["10.0.0.1", "a b"])), "/modbus/hosts/1"),
      (DiscoveryRequest(modbus: .init(hosts: ["10.0.0.1/x"])), "/modbus/hosts/0"),
      (DiscoveryRequest(modbus: .init(hosts: ["10.0.0.1"], ports: [0])), "/modbus/ports"),
      (DiscoveryRequest(modbus: .init(hosts: ["10.0.0.1"], units: [256])), "/modbus/units"),
      (DiscoveryRequest(http: .init(hosts: ["http://x"])), "/http/hosts/0"),
      (DiscoveryRequest(serial: .init(device: "/etc/passwd")), "/serial/device"),
      (DiscoveryRequest(serial: .init(device: "ttyUSB0")), "/serial/device"),
      (DiscoveryRequest(serial: .init(device: "/dev/null", baudRates: [9601])), "/serial/baudRates"),
      (DiscoveryRequest(serial: .init(device: "/dev/null", parities: ["mark"])), "/serial/parities"),
      (DiscoveryRequest(serial: .init(device: "/dev/null", units: [0])), "/serial/units"),
      (DiscoveryRequest(mqtt: .init(broker: "host:99999")), "/mqtt/broker"),
      (DiscoveryRequest(mqtt: .init(broker: "")), "/mqtt/broker"),
      (DiscoveryRequest(mqtt: .init(broker: "host", seconds: 121)), "/mqtt/seconds"),
      (DiscoveryRequest(mqtt: .init(broker: "host", password: "x")), "/mqtt/user"),
      (DiscoveryRequest(mqtt: .init(broker: "host", ca: "/etc/hostname")), "/mqtt/ca"),
      (DiscoveryRequest(mqtt: .init(broker: "host", tls: true, ca: "/nowhere.pem")), "/mqtt/ca"),
      (DiscoveryRequest(modbus: .init(hosts: ["10.0.0.1"]), timeoutSeconds: 0), "/timeoutSeconds"),
      (DiscoveryRequest(modbus: .init(hosts: ["10.0.0.1"]), timeoutSeconds: .nan), "/timeoutSeconds"),
    ]
    for (request, pointer) in cases {
      let problem = problem(request)
      #expect(problem?.status == 422, "\(request)")
      #expect(problem?.errors.first?.pointer == pointer, "\(request)")
    }
  }

  @Test("A broker with TLS has another port where none is written")
  func secureBroker() throws {
    let plan = try DiscoveryPlan(DiscoveryRequest(mqtt: .init(broker: "host", tls: true, ca: "/etc/hostname")))
    #expect(plan.broker?.place == .init(host: "host", port: 8883) && plan.broker?.isSecure == true)
    #expect(plan.broker?.authorityFile == "/etc/hostname")
    #expect(try DiscoveryPlan(DiscoveryRequest(mqtt: .init(broker: "host:1", tls: true))).broker?.place.port == 1)
  }

  @Test("A broker may be written with its port, also as an IPv6 address")
  func brokers() throws {
    for (text, host, port) in [
      ("hub", "hub", 1883), ("10.0.0.1:1884", "10.0.0.1", 1884), ("[fd00::1]:7", "fd00::1", 7),
      ("fd00::1", "fd00::1", 1883),
    ] {
      let plan = try DiscoveryPlan(DiscoveryRequest(mqtt: .init(broker: text)))
      #expect(plan.broker?.place == .init(host: host, port: port))
    }
  }
}
