import AdapterKit
import EnergyModel
import Foundation
import MQTTAdapter
import Testing
import TimeSource

@Suite("MQTT sessions", .enabled(if: Broker.isInstalled, "needs Debian's mosquitto and mosquitto-clients"))
struct MQTTSessionTests {
  static let versions = MQTTLinkConfiguration.ProtocolVersion.allCases

  @Test("A link connects and tells the broker when it stops", arguments: versions)
  func connects(version: MQTTLinkConfiguration.ProtocolVersion) async throws {
    let broker = try await Broker()
    let bench = try Bench(broker.configuration(version), [])
    try await bench.run {
      #expect(await bench.logs("info link=home connected to link home, broker 127.0.0.1"))
      let statistics = await bench.link.statistics()
      #expect(statistics.isConnected)
      #expect(statistics.connects == 1)
      #expect(statistics.lastError == nil)
    }
    #expect(await broker.hasLogged("Received DISCONNECT from heddle-test"))
    #expect(await bench.link.statistics().isConnected == false)
  }

  @Test("A host is found by its name")
  func resolvesNames() async throws {
    let broker = try await Broker()
    var configuration = broker.configuration()
    configuration.host = "localhost"
    let bench = try Bench(configuration, [])
    // The first address may be ::1, where this broker does not listen; the next attempt takes the next one.
    try await bench.run { #expect(await bench.logs("connected to")) }
  }

  @Test("A name without an address is reported with what to check")
  func unknownName() async throws {
    let bench = try Bench(
      MQTTLinkConfiguration(name: "home", host: "no-such-host.invalid", clientID: "heddle-test"),
      [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(
        await bench.sink.isState(.offline, because: "the name 'no-such-host.invalid' cannot be resolved", of: "hall"))
    }
  }

  @Test("User and password open the session, a wrong password is refused in clear words", arguments: versions)
  func login(version: MQTTLinkConfiguration.ProtocolVersion) async throws {
    let folder = try TemporaryFolder()
    let passwd = try Program("/usr/bin/mosquitto_passwd", ["-b", "-c", folder.file("users"), "gateway", "s3cret-word"])
    try #require(await passwd.succeeds())
    let broker = try await Broker(settings: "allow_anonymous false\npassword_file $DIR/users", folder: folder)

    var configuration = broker.configuration(version)
    configuration.user = "gateway"
    configuration.password = "s3cret-word"
    let right = try Bench(configuration, [])
    try await right.run { #expect(await right.logs("connected to")) }

    configuration.password = "wr0ng-word"
    let wrong = try Bench(configuration, [try TestProfile.thermostat("hall", topic: "hall")])
    try await wrong.run {
      #expect(await wrong.sink.isState(.offline, because: "refused the login (user 'gateway')", of: "hall"))
      let statistics = await wrong.link.statistics()
      #expect(statistics.lastError?.contains("check user, password") == true)
      #expect(statistics.errors["refused", default: 0] >= 1)
      #expect(!wrong.log.value.joined().contains("wr0ng-word"))
    }
    #expect(!"\(configuration) \(String(reflecting: configuration))".contains("wr0ng-word"))
    var dumped = ""
    dump(configuration, to: &dumped)
    #expect(!dumped.contains("wr0ng-word"))
  }

  @Test("Nobody listens: the device is offline with reason and advice")
  func connectionRefused() async throws {
    let port = try #require(FreePort.pick())
    let bench = try Bench(
      MQTTLinkConfiguration(name: "home", host: "127.0.0.1", port: port, clientID: "heddle-test"),
      [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(await bench.sink.isState(.offline, because: "Connection refused; check that the broker runs", of: "hall"))
      #expect(await bench.logs("warning link=home link home, broker 127.0.0.1:\(port): no connection"))
    }
  }

  @Test("A killed broker makes its devices offline; the link comes back alone and subscribes again")
  func brokerRestart() async throws {
    let broker = try await Broker()
    let other = try await Broker()
    let bench = try Bench(broker.configuration(), [try TestProfile.thermostat("hall", topic: "hall")])
    let neighbour = try Bench(other.configuration(), [try TestProfile.thermostat("attic", topic: "attic")])
    try await neighbour.run {
      try await bench.run {
        #expect(await bench.logs("connected to"))
        #expect(await neighbour.logs("connected to"))
        try await other.publish("zigbee2mqtt/attic", #"{"local_temperature": 17}"#)
        #expect(await neighbour.sink.isState(.online, of: "attic"))
        try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 19.5}"#)
        #expect(await bench.sink.isState(.online, of: "hall"))

        await broker.kill()
        #expect(await bench.sink.isState(.offline, because: "broker", of: "hall"))
        #expect(await bench.link.statistics().isConnected == false)

        try await broker.start()
        #expect(await bench.sink.isState(.unknown, of: "hall"))
        try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 20.5}"#)
        #expect(await bench.sink.shows("ambientTemperatureC", .number(20.5), of: "hall"))
        #expect(await bench.sink.isState(.online, of: "hall"))
        #expect(await bench.link.statistics().connects == 2)
      }
      #expect(neighbour.sink.state(of: "attic")?.state == .online)
      #expect(await neighbour.link.statistics().connects == 1)
    }
  }

  @Test("What was published while the gateway was away arrives afterwards", arguments: versions)
  func persistentSession(version: MQTTLinkConfiguration.ProtocolVersion) async throws {
    let broker = try await Broker()
    let endpoint = try TestProfile.thermostat("hall", topic: "hall")
    let first = try Bench(broker.configuration(version), [endpoint])
    try await first.run {
      try await broker.publish("zigbee2mqtt/hall/availability", #"{"state": "online"}"#, retain: true)
      #expect(await first.sink.isState(.online, of: "hall"))
    }
    try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 18.25}"#)
    let second = try Bench(broker.configuration(version), [endpoint])
    try await second.run { #expect(await second.sink.shows("ambientTemperatureC", .number(18.25), of: "hall")) }
  }

  @Test("A clean session gets nothing from the time before", arguments: versions)
  func cleanSession(version: MQTTLinkConfiguration.ProtocolVersion) async throws {
    let broker = try await Broker()
    let endpoint = try TestProfile.thermostat("hall", topic: "hall")
    var configuration = broker.configuration(version)
    configuration.session = .clean
    for temperature in [18.0, 21.0] {
      let bench = try Bench(configuration, [endpoint])
      try await bench.run {
        try await broker.publish("zigbee2mqtt/hall/availability", #"{"state": "online"}"#, retain: true)
        #expect(await bench.sink.isState(.online, of: "hall"))
        try await broker.publish("zigbee2mqtt/hall", "{\"local_temperature\": \(temperature)}")
        #expect(await bench.sink.shows("ambientTemperatureC", .number(temperature), of: "hall"))
      }
      #expect(bench.sink.values("ambientTemperatureC", of: "hall") == [.number(temperature)])
      try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 1}"#)
    }
  }

  @Test("A broker that accepts and never answers is given up, and does not hold up a stop")
  func silentBroker() async throws {
    let listener = try #require(Listener.open())
    defer { close(listener) }
    let port = try #require(Listener.port(of: listener))
    var configuration = MQTTLinkConfiguration(name: "home", host: "127.0.0.1", port: port, clientID: "heddle-test")
    configuration.connectTimeout = .milliseconds(200)
    for tls in [nil, MQTTLinkConfiguration.TLS()] {
      configuration.tls = tls
      let bench = try Bench(configuration, [try TestProfile.thermostat("hall", topic: "hall")])
      await bench.link.start()
      #expect(await bench.sink.isState(.offline, because: "no answer to the connection request", of: "hall"))
      let deliveries = bench.sink.record.value.connectivity["hall"]?.count
      let duration = await ContinuousClock().measure { await bench.link.stop() }
      #expect(duration < .seconds(2))
      #expect(bench.sink.record.value.connectivity["hall"]?.count == deliveries)
    }
  }

  @Test("A stop in the middle of the connection attempt is immediate")
  func stopWhileConnecting() async throws {
    let broker = try #require(try ScriptedBroker())
    let bench = try Bench(
      MQTTLinkConfiguration(name: "home", host: "127.0.0.1", port: broker.port, clientID: "heddle-test"),
      [try TestProfile.thermostat("hall", topic: "hall")])
    await bench.link.start()
    #expect(await broker.accept())
    #expect(await broker.read()?.type == ScriptedBroker.connect)
    let duration = await ContinuousClock().measure { await bench.link.stop() }
    #expect(duration < .seconds(2))
    #expect(bench.sink.record.value.connectivity.isEmpty)
  }

  @Test("What is not a broker is told apart from a broker that is away")
  func notABroker() async throws {
    let broker = try #require(try ScriptedBroker())
    let bench = try Bench(
      MQTTLinkConfiguration(name: "home", host: "127.0.0.1", port: broker.port, clientID: "heddle-test"),
      [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(await broker.accept())
      await broker.hangUp()
      #expect(await bench.sink.isState(.offline, because: "closed the connection instead of answering", of: "hall"))
    }
  }

  /// In a process of its own: libmodbus's `select` aborts any process that has so many descriptors open.
  @Test("A link works on a descriptor beyond 1023")
  func manyDescriptors() async throws {
    await #expect(processExitsWith: .success) {
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let needed: rlim_t = 4096
      try #require(limit.rlim_max >= needed, "the hard limit of open files is \(limit.rlim_max)")
      limit.rlim_cur = max(limit.rlim_cur, needed)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let broker = try await Broker()
      let ballast = (0..<1100).map { _ in fcntl(0, F_DUPFD_CLOEXEC, 0) }
      try #require(ballast.max().map { $0 > 1023 } == true)
      let bench = try Bench(broker.configuration(), [try TestProfile.thermostat("hall", topic: "hall")])
      try await bench.run {
        #expect(await bench.logs("connected to"))
        try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 19.5}"#)
        #expect(await bench.sink.isState(.online, of: "hall"))
      }
    }
  }
}
