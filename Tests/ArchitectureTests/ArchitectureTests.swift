import Testing

/// The rules of the code that a compiler does not check. Each violation is printed as `file:line`.
@Suite("Architecture")
struct ArchitectureTests {
  /// From the ground up: a target depends only on targets of lower layers.
  ///
  /// The second layer exists because `TimeSource` speaks of the model's timestamps and `LocatedYAML` sits on a library;
  /// everything above may use both.
  static let layers: [[String]] = [
    ["CModbus", "CMosquitto", "CSimdJSON", "CProcessMemory", "PinnedThread", "ModbusWire", "EnergyModel"],
    ["TimeSource", "LocatedYAML"],
    ["DeviceProfiles", "GatewayStore", "LocalAPISchema", "ScheduleCalendar"],
    ["ProfileExplanation", "AdapterKit", "TelemetryPipeline", "LocalAPIClient"],
    ["ModbusAdapter", "MQTTAdapter", "HTTPAdapter", "CommandDispatch", "DeviceSimulator"],
    ["DeviceDiscovery"],
    ["LocalAPIServer", "GatewayCommands"],
    ["Gateway"],
    ["heddled", "heddle", "heddle-simulator"],
  ]

  /// Targets that stay free of Foundation, for size and for speed.
  static let withoutFoundation: Set<String> = ["EnergyModel", "PinnedThread", "ModbusWire"]

  /// Modules of the toolchain; every other import must be a declared dependency.
  static let toolchainModules: Set<String> = [
    "Swift", "Foundation", "FoundationEssentials", "Glibc", "Darwin", "Musl", "Dispatch", "Synchronization",
  ]

  /// Products that bring more modules than the one they are called after.
  static let modulesOfProducts: [String: Set<String>] = [
    "Hummingbird": ["Hummingbird", "HummingbirdCore"],
    "ServiceLifecycle": ["ServiceLifecycle", "UnixSignals"],
  ]

  /// Places where a program may end or unwrap by force, by the end of their path; each with the reason.
  static let allowedToTrap: [String: String] = [:]

  /// Places that may look at a clock. Programs stand at the edge and hand the clock in.
  static let allowedToReadClocks = ["Sources/System/TimeSource/TimeSource+System.swift", "Sources/Programs/"]

  static let rank: [String: Int] = Dictionary(
    uniqueKeysWithValues: layers.enumerated().flatMap { rank, names in names.map { ($0, rank) } })

  let manifest: Manifest
  let sources: [(target: Manifest.Target, files: [SourceFile])]

  /// Read once for all tests.
  private static let project = Result {
    let manifest = try Manifest(directory: Repository.root)
    return (manifest, try manifest.productTargets.map { ($0, try SourceFile.all(under: $0.path)) })
  }

  init() throws { (manifest, sources) = try Self.project.get() }

  private func report(_ violations: [String]) {
    for violation in violations.sorted() { Issue.record(Comment(rawValue: violation)) }
  }

  @Test("A target depends only on targets of lower layers")
  func arrowsPointDown() {
    #expect(!manifest.productTargets.isEmpty)
    var violations: [String] = []
    for target in manifest.productTargets {
      guard let rank = Self.rank[target.name] else {
        violations.append("Package.swift:\(target.line): \(target.name) is not in the table of layers")
        continue
      }
      for dependency in target.dependencies where manifest.target(dependency) != nil {
        if let lower = Self.rank[dependency], lower < rank { continue }
        violations.append("Package.swift:\(target.line): \(target.name) must not depend on \(dependency)")
      }
    }
    report(violations)
  }

  @Test("Sources import what their target declares, and all of it")
  func importsMatchTheManifest() {
    var violations: [String] = []
    for (target, files) in sources where files.contains(where: { !$0.imports.isEmpty }) {
      let declared = Dictionary(uniqueKeysWithValues: Set(target.dependencies).map { ($0, modules(of: $0)) })
      let known = declared.values.reduce(Self.toolchainModules) { $0.union($1) }
      for file in files {
        for (module, line) in file.imports where !known.contains(module) && module != target.module {
          violations.append("\(file.path):\(line): \(module) is not a declared dependency of \(target.name)")
        }
      }
      let imported = Set(files.flatMap { $0.imports.map(\.module) })
      for (dependency, modules) in declared where imported.isDisjoint(with: modules) {
        violations.append("Package.swift:\(target.line): \(target.name) declares \(dependency), but never imports it")
      }
    }
    report(violations)
  }

  private func modules(of dependency: String) -> Set<String> {
    Self.modulesOfProducts[dependency] ?? [dependency.replacing("-", with: "_")]
  }

  @Test("The lowest targets stay free of Foundation")
  func foundationStaysAbove() {
    let violations = sources.filter { Self.withoutFoundation.contains($0.target.name) }.flatMap { target, files in
      files.flatMap { file in
        file.imports.filter { $0.module.hasPrefix("Foundation") }
          .map { "\(file.path):\($0.line): \(target.name) must not import \($0.module)" }
      }
    }
    report(violations)
  }

  @Test("Nothing outside tests can end the program by force")
  func nothingTraps() {
    let patterns: [(Regex<Substring>, String)] = [
      (/\btry!/, "try!"), (/\bas!/, "as!"), (/\bfatalError\(/, "fatalError"),
      (/[\w\)\]\}>]!(?!=)/, "an optional unwrapped by force"),
    ]
    let violations = sources.flatMap(\.files).filter { Self.allowedToTrap[$0.path] == nil }.flatMap { file in
      patterns.flatMap { pattern, name in
        file.lines(matching: pattern).map { "\(file.path):\($0): \(name); throw or return instead" }
      }.filter { !$0.contains("by force") || !isNamedForm($0, in: file) }
    }
    report(violations)
  }

  /// `try!` and `as!` also look like an unwrapped optional; they are reported once.
  private func isNamedForm(_ violation: String, in file: SourceFile) -> Bool {
    guard let number = violation.dropFirst(file.path.count + 1).split(separator: ":").first.flatMap({ Int($0) })
    else { return false }
    let rest = file.code[number - 1].replacing(/\b(try|as)!/, with: "")
    return rest.firstMatch(of: /[\w\)\]\}>]!(?!=)/) == nil
  }

  @Test("Nothing below the gateway reads a clock by itself")
  func clocksAreHandedIn() {
    let pattern =
      /\bDate\(\)|\bDate\.now\b|\.now\(\)|Clock\.now\b|Clock\(\)|DispatchTime\.now|clock_gettime|gettimeofday/
    let limit = Self.rank["Gateway"] ?? 0
    let violations = sources.filter { (Self.rank[$0.target.name] ?? 0) < limit }.flatMap(\.files)
      .filter { file in !Self.allowedToReadClocks.contains { file.path.hasPrefix($0) } }
      .flatMap { file in
        file.lines(matching: pattern).map { "\(file.path):\($0): reads a clock; take a TimeSource" }
      }
    report(violations)
  }

  @Test("What the compiler is told to believe has its reason above it")
  func unsafetyIsExplained() {
    let pattern = /@unchecked\s+Sendable|nonisolated\(unsafe\)|\bunowned\b/
    let violations = sources.flatMap(\.files).flatMap { file in
      file.lines(matching: pattern).filter { !file.hasCommentAbove($0) }
        .map { "\(file.path):\($0): \(file.text(of: $0)) needs a comment above that says why it is safe" }
    }
    report(violations)
  }
}
