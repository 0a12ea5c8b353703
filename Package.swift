// swift-tools-version: 6.2
import PackageDescription

/// One line per dependency says why it is there.
let packageDependencies: [Package.Dependency] = [
  // SQLite with migrations, prepared statements and one serialised writer.
  .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  // The HTTP server behind the local REST API and behind simulated vendor APIs.
  .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
  // Vendor HTTP, webhooks, and the CLI's way to the daemon (also over a Unix socket).
  .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  // Event loops: of the HTTP server, of the HTTP client, and of Modbus over a network.
  .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  // Certificates given by the administrator for vendor HTTPS, and TLS of the API.
  .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
  // SHA-256 for stored API keys and the audit, MD5 and SHA-256 for HTTP digest authentication.
  .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
  // Request and response header names shared by server and tests.
  .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
  // Commands, options, help texts and shell completions.
  .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  // YAML with the line and column of every value, for errors that can be found.
  .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  // One logging interface for all targets.
  .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  // Ordered start and stop of the daemon's services, and signals.
  .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
]

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
  name: "heddle",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "heddled", targets: ["heddled"]),
    .executable(name: "heddle", targets: ["heddle"]),
    .executable(name: "heddle-simulator", targets: ["heddle-simulator"]),
    // For the benchmarks, which are a package of their own.
    .library(name: "EnergyModel", targets: ["EnergyModel"]),
    .library(name: "TimeSource", targets: ["TimeSource"]),
    .library(name: "DeviceProfiles", targets: ["DeviceProfiles"]),
    .library(name: "GatewayStore", targets: ["GatewayStore"]),
    .library(name: "TelemetryPipeline", targets: ["TelemetryPipeline"]),
    .library(name: "AdapterKit", targets: ["AdapterKit"]),
    .library(name: "MQTTAdapter", targets: ["MQTTAdapter"]),
    .library(name: "ModbusAdapter", targets: ["ModbusAdapter"]),
  ],
  dependencies: packageDependencies,
  targets: [
    // Rank 0: C libraries and plain values.
    .systemLibrary(
      name: "CModbus", path: "Sources/System/CModbus", pkgConfig: "libmodbus", providers: [.apt(["libmodbus-dev"])]),
    .systemLibrary(
      name: "CMosquitto", path: "Sources/System/CMosquitto", pkgConfig: "libmosquitto",
      providers: [.apt(["libmosquitto-dev"])]),
    .target(
      name: "CSimdJSON", path: "Sources/System/CSimdJSON", cxxSettings: [.unsafeFlags(["-O2"])],
      linkerSettings: [.linkedLibrary("simdjson")]),
    .target(name: "CProcessMemory", path: "Sources/System/CProcessMemory"),
    .target(name: "PinnedThread", path: "Sources/System/PinnedThread"),
    .target(name: "ModbusWire", path: "Sources/System/ModbusWire"),
    .target(name: "TimeSource", dependencies: ["EnergyModel"], path: "Sources/System/TimeSource"),
    .target(name: "LocatedYAML", dependencies: [yams], path: "Sources/System/LocatedYAML"),
    .target(name: "EnergyModel", path: "Sources/Model/EnergyModel"),

    // Rank 1: what numbers mean, what is kept, what is said.
    .target(
      name: "DeviceProfiles", dependencies: ["EnergyModel", "LocatedYAML", "CSimdJSON", "ModbusWire"],
      path: "Sources/Model/DeviceProfiles"),
    .target(
      name: "GatewayStore", dependencies: ["EnergyModel", grdb, sqlite, crypto, logging],
      path: "Sources/Telemetry/GatewayStore"),
    .target(name: "LocalAPISchema", dependencies: ["EnergyModel"], path: "Sources/API/LocalAPISchema"),
    .target(name: "ScheduleCalendar", dependencies: ["EnergyModel"], path: "Sources/Model/ScheduleCalendar"),

    // Rank 2: what all adapters share, and the hot path.
    .target(
      name: "AdapterKit", dependencies: ["EnergyModel", "DeviceProfiles"],
      path: "Sources/Adapters/AdapterKit"),
    .target(
      name: "ProfileExplanation", dependencies: ["DeviceProfiles", "EnergyModel"],
      path: "Sources/Model/ProfileExplanation"),
    .target(
      name: "TelemetryPipeline", dependencies: ["EnergyModel", "TimeSource", "PinnedThread", "GatewayStore", logging],
      path: "Sources/Telemetry/TelemetryPipeline"),
    .target(
      name: "LocalAPIClient", dependencies: ["EnergyModel", "LocalAPISchema", httpClient, nioCore, nioHTTP1, nioSSL],
      path: "Sources/API/LocalAPIClient"),

    // Rank 3: transports, commands, simulated devices.
    .target(
      name: "ModbusAdapter",
      dependencies: [
        "AdapterKit", "DeviceProfiles", "EnergyModel", "PinnedThread", "TimeSource", "CModbus", "ModbusWire", nioCore,
        nioPosix, logging,
      ],
      path: "Sources/Adapters/ModbusAdapter"),
    .target(
      name: "MQTTAdapter",
      dependencies: [
        "AdapterKit", "DeviceProfiles", "EnergyModel", "PinnedThread", "TimeSource", "CMosquitto", logging,
      ],
      path: "Sources/Adapters/MQTTAdapter"),
    .target(
      name: "HTTPAdapter",
      dependencies: [
        "AdapterKit", "DeviceProfiles", "EnergyModel", "TimeSource", httpClient, nioCore, nioPosix, nioHTTP1, nioSSL,
        crypto, logging,
      ],
      path: "Sources/Adapters/HTTPAdapter"),
    .target(
      name: "CommandDispatch",
      dependencies: ["EnergyModel", "DeviceProfiles", "AdapterKit", "GatewayStore", "TimeSource", logging],
      path: "Sources/Commands/CommandDispatch"),
    .target(
      name: "DeviceSimulator",
      dependencies: [
        "EnergyModel", "LocatedYAML", "DeviceProfiles", "PinnedThread", "TimeSource", "CModbus", "CMosquitto",
        "ModbusWire", hummingbird, httpTypes, nioCore, logging,
      ],
      path: "Sources/Programs/DeviceSimulator"),

    // Rank 4: finds what nobody configured yet, over all transports.
    .target(
      name: "DeviceDiscovery",
      dependencies: [
        "EnergyModel", "DeviceProfiles", "LocalAPISchema", "AdapterKit", "ModbusAdapter", "ModbusWire", "MQTTAdapter",
        "HTTPAdapter", "PinnedThread", "TimeSource", logging,
      ],
      path: "Sources/Adapters/DeviceDiscovery"),

    // Rank 5: what people and programs see.
    .target(
      name: "LocalAPIServer",
      dependencies: [
        "EnergyModel", "LocalAPISchema", "ScheduleCalendar", "TimeSource", hummingbird, hummingbirdCore, nioCore,
        nioPosix, nioSSL, httpTypes, crypto, lifecycle, logging,
      ],
      path: "Sources/API/LocalAPIServer"),
    .target(
      name: "GatewayCommands",
      dependencies: [
        "EnergyModel", "LocatedYAML", "TimeSource", "DeviceProfiles", "ProfileExplanation", "LocalAPISchema",
        "LocalAPIClient", "AdapterKit", "ModbusAdapter", "ModbusWire", "MQTTAdapter", "HTTPAdapter", "DeviceDiscovery",
        "GatewayStore", argumentParser,
        logging,
      ],
      path: "Sources/Programs/GatewayCommands"),

    // Rank 6: the composition root.
    .target(
      name: "Gateway",
      dependencies: [
        "EnergyModel", "LocatedYAML", "TimeSource", "DeviceProfiles", "GatewayStore", "LocalAPISchema", "AdapterKit",
        "ScheduleCalendar", "TelemetryPipeline", "ModbusAdapter", "ModbusWire", "MQTTAdapter", "HTTPAdapter",
        "DeviceDiscovery", "CommandDispatch", "LocalAPIServer", "ProfileExplanation", "CProcessMemory", httpClient,
        nioCore, nioHTTP1, crypto, logging, lifecycle, unixSignals,
      ],
      path: "Sources/Gateway", exclude: ["docs"]),

    // Rank 7: programs.
    .executableTarget(
      name: "heddled", dependencies: ["Gateway", "LocalAPISchema", argumentParser], path: "Sources/Programs/heddled"),
    .executableTarget(name: "heddle", dependencies: ["GatewayCommands"], path: "Sources/Programs/heddle"),
    .executableTarget(
      name: "heddle-simulator",
      dependencies: [
        "DeviceSimulator", "DeviceProfiles", "EnergyModel", "LocatedYAML", "ModbusWire", "TimeSource", logging,
        argumentParser,
      ],
      path: "Sources/Programs/heddle-simulator"),

    // Tests. `TestSupport` has the clock that tests move by hand.
    .target(name: "TestSupport", dependencies: ["EnergyModel", "TimeSource"], path: "Tests/TestSupport"),
    .testTarget(name: "ArchitectureTests"),
    .testTarget(name: "PinnedThreadTests", dependencies: ["PinnedThread"]),
    .testTarget(name: "ModbusWireTests", dependencies: ["ModbusWire"]),
    .testTarget(name: "LocatedYAMLTests", dependencies: ["LocatedYAML"]),
    .testTarget(name: "ScheduleCalendarTests", dependencies: ["ScheduleCalendar", "EnergyModel"]),
    .testTarget(name: "DeviceProfilesTests", dependencies: ["DeviceProfiles", "EnergyModel", "LocatedYAML"]),
    .testTarget(
      name: "ShippedProfilesTests", dependencies: ["DeviceProfiles", "EnergyModel", "LocatedYAML", "ModbusWire"]),
    .testTarget(
      name: "GatewayStoreTests", dependencies: ["GatewayStore", "EnergyModel", "TestSupport", grdb, logging]),
    .testTarget(
      name: "TelemetryPipelineTests",
      dependencies: ["TelemetryPipeline", "GatewayStore", "EnergyModel", "TimeSource", "TestSupport", grdb, logging]),
    .testTarget(name: "AdapterKitTests", dependencies: ["AdapterKit", "DeviceProfiles", "EnergyModel"]),
    .target(name: "ModbusTestSupport", path: "Tests/ModbusTestSupport"),
    .testTarget(
      name: "ModbusAdapterTests",
      dependencies: [
        "ModbusAdapter", "AdapterKit", "DeviceProfiles", "EnergyModel", "TimeSource", "TestSupport",
        "ModbusTestSupport", "CModbus", "ModbusWire", nioCore, nioPosix, logging,
      ]),
    .testTarget(
      name: "MQTTAdapterTests",
      dependencies: [
        "MQTTAdapter", "AdapterKit", "DeviceProfiles", "EnergyModel", "TimeSource", "PinnedThread", "TestSupport",
        logging,
      ]),
    .testTarget(
      name: "HTTPAdapterTests",
      dependencies: [
        "HTTPAdapter", "AdapterKit", "DeviceProfiles", "EnergyModel", "TimeSource", "TestSupport", nioCore, nioPosix,
        nioHTTP1, nioSSL, crypto, logging,
      ]),
    .testTarget(
      name: "DeviceDiscoveryTests",
      dependencies: [
        "DeviceDiscovery", "DeviceProfiles", "DeviceSimulator", "EnergyModel", "LocalAPISchema", "ModbusTestSupport",
        "TimeSource", logging,
      ]),
    .testTarget(
      name: "CommandDispatchTests",
      dependencies: [
        "CommandDispatch", "AdapterKit", "DeviceProfiles", "EnergyModel", "GatewayStore", "LocatedYAML", "TimeSource",
        "TestSupport", logging, grdb,
      ]),
    .testTarget(
      name: "DeviceSimulatorTests",
      dependencies: [
        "DeviceSimulator", "DeviceProfiles", "EnergyModel", "LocatedYAML", "TimeSource", "TestSupport", "CModbus",
        "CMosquitto", "ModbusWire", httpClient, nioCore, nioHTTP1, logging,
      ]),
    .target(
      name: "LocalAPITestSupport",
      dependencies: [
        "EnergyModel", "LocalAPISchema", "LocalAPIServer", "TimeSource", httpClient, nioCore, nioHTTP1, logging,
        lifecycle,
      ],
      path: "Tests/LocalAPITestSupport"),
    .testTarget(name: "LocalAPISchemaTests", dependencies: ["LocalAPISchema", "EnergyModel"]),
    .testTarget(
      name: "LocalAPIServerTests",
      dependencies: [
        "LocalAPIServer", "LocalAPISchema", "EnergyModel", "TimeSource", "TestSupport", "LocalAPITestSupport", logging,
        httpTypes,
      ]),
    .testTarget(
      name: "LocalAPIClientTests",
      dependencies: ["LocalAPIClient", "LocalAPISchema", "LocalAPIServer", "LocalAPITestSupport", "EnergyModel"]),
    .testTarget(
      name: "GatewayCommandsTests",
      dependencies: [
        "GatewayCommands", "DeviceProfiles", "LocalAPIClient", "LocalAPISchema", "LocalAPIServer",
        "LocalAPITestSupport", "EnergyModel", argumentParser,
      ]),
    .testTarget(
      name: "GatewayTests",
      dependencies: [
        "Gateway", "AdapterKit", "CommandDispatch", "DeviceProfiles", "EnergyModel", "GatewayStore", "LocalAPISchema",
        "LocalAPIServer", "LocatedYAML", "ModbusWire", "TelemetryPipeline", "TestSupport", "TimeSource", hummingbird,
        nioCore, httpTypes, logging,
      ]),
    .testTarget(name: "EndToEndTests", dependencies: ["heddle", "heddled", "heddle-simulator"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// The same rules for all of our Swift targets; warnings are errors.
for target in package.targets where target.type != .system && !["CSimdJSON", "CProcessMemory"].contains(target.name) {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      .treatAllWarnings(as: .error),
    ]
}
