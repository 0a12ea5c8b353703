import Foundation

/// Where the project is.
enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
}

/// What `Package.swift` says about targets, read from its text: the tests run where no package manager can be started.
struct Manifest {
  struct Target {
    var name: String
    /// Relative to the project.
    var path: String
    /// Names of targets and of products.
    var dependencies: [String]
    var isTest: Bool
    /// In `Package.swift`.
    var line: Int

    /// The name that others import.
    var module: String { name.replacing("-", with: "_") }
  }

  let targets: [Target]

  /// All but tests and what only tests use.
  var productTargets: [Target] { targets.filter { !$0.isTest && !$0.path.hasPrefix("Tests/") } }

  init(directory: URL) throws {
    let text = try String(contentsOf: directory.appending(path: "Package.swift"), encoding: .utf8)
    let code = SourceFile.withoutComments(text)
    var products: [String: String] = [:]
    for match in code.matches(of: /let\s+(\w+)\s*:\s*Target\.Dependency\s*=\s*\.product\(\s*name:\s*"([^"]+)"/) {
      products[String(match.output.1)] = String(match.output.2)
    }
    targets = code.matches(of: /\.(target|executableTarget|systemLibrary|testTarget)\(/).compactMap { match in
      let kind = String(match.output.1)
      let body = Manifest.body(of: code, from: match.range.upperBound)
      guard let name = body.firstMatch(of: /\bname:\s*"([^"]+)"/)?.output.1 else { return nil }
      let folder = kind == "testTarget" ? "Tests" : "Sources"
      let path = body.firstMatch(of: /\bpath:\s*"([^"]+)"/)?.output.1 ?? "\(folder)/\(name)"
      return Target(
        name: String(name), path: String(path), dependencies: Manifest.dependencies(in: body, products),
        isTest: kind == "testTarget", line: code[..<match.range.lowerBound].count { $0.isNewline } + 1)
    }
  }

  func target(_ name: String) -> Target? { targets.first { $0.name == name } }

  /// The text up to the parenthesis that closes the one before `start`.
  private static func body(of text: String, from start: String.Index) -> Substring {
    var depth = 1
    var index = start
    while index < text.endIndex {
      if text[index] == "(" { depth += 1 }
      if text[index] == ")" { depth -= 1 }
      if depth == 0 { break }
      index = text.index(after: index)
    }
    return text[start..<index]
  }

  private static func dependencies(in body: Substring, _ products: [String: String]) -> [String] {
    guard let list = body.firstMatch(of: /\bdependencies:\s*\[([^\]]*)\]/)?.output.1 else { return [] }
    return list.split(separator: ",").compactMap { element in
      let word = element.trimmingCharacters(in: .whitespacesAndNewlines)
      if word.isEmpty { return nil }
      return word.hasPrefix("\"") ? word.trimmingCharacters(in: ["\""]) : products[word] ?? word
    }
  }
}
