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
  ],
  targets: [
    .executableTarget(
      name: "heddle-bench",
      dependencies: [
        .product(name: "EnergyModel", package: "heddle"), .product(name: "TimeSource", package: "heddle"),
        .product(name: "DeviceProfiles", package: "heddle"), .product(name: "GatewayStore", package: "heddle"),
        .product(name: "TelemetryPipeline", package: "heddle"), .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
      ])
  ],
  swiftLanguageModes: [.v6]
)
