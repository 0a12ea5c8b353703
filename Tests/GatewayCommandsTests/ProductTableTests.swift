import DeviceProfiles
import Foundation
import Testing

@testable import GatewayCommands

/// The published tables against the files that they are made from.
@Suite("Tables of products") struct ProductTableTests {
  private let table = ProductTable(ProfileLibrary(directories: [ProfileDesk.shippedProfiles]).profiles.values)
  private let root = URL(filePath: ProfileDesk.shippedProfiles).deletingLastPathComponent()

  private func lines(_ path: String) throws -> [String] {
    try String(contentsOf: root.appending(path: path), encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false
    ).map(String.init)
  }

  @Test("The page of products is what the files say")
  func page() throws {
    #expect(table.page == (try lines("Sources/Gateway/docs/Products.md")).dropLast(), "run 'make tables'")
  }

  @Test("The front page has as many products of each kind as there are")
  func summary() throws {
    let page = try lines("README.md")
    let start = try #require(page.firstIndex(of: "<!-- products -->"))
    let end = try #require(page.firstIndex(of: "<!-- end of products -->"))
    #expect(Array(page[start + 1..<end]) == table.summary, "run 'make tables'")
  }
}
