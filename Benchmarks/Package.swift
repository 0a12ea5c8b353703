// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that building Heddle needs nothing of it.
let package = Package(
  name: "heddle-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    // What is measured.
    .package(name: "heddle", path: ".."),
    // The pipeline takes a logger.
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // What it is compared with: a deque behind a lock.
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    // Gives a second file of the store another primary key.
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // What it is compared with in C and C++: Boost's queue, and a plain loop over accumulators.
    // With libmosquitto and libmodbus, bare loops around them, and a Modbus server that counts.
    .target(
      name: "CBaselines", cSettings: [.unsafeFlags(["-O3"])], cxxSettings: [.unsafeFlags(["-O3"])],
      linkerSettings: [.linkedLibrary("mosquitto"), .linkedLibrary("modbus")]),
    .executableTarget(
      name: "heddle-bench",
      dependencies: [
        .product(name: "EnergyModel", package: "heddle"), .product(name: "TimeSource", package: "heddle"),
        .product(name: "DeviceProfiles", package: "heddle"), .product(name: "GatewayStore", package: "heddle"),
        .product(name: "TelemetryPipeline", package: "heddle"), .product(name: "Logging", package: "swift-log"),
        .product(name: "AdapterKit", package: "heddle"), .product(name: "MQTTAdapter", package: "heddle"),
        .product(name: "ModbusAdapter", package: "heddle"),
        .product(name: "DequeModule", package: "swift-collections"), .product(name: "GRDB", package: "GRDB.swift"),
        "CBaselines",
      ],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
