import ArgumentParser
import EnergyModel
import Foundation
import LocalAPIClient
import LocalAPISchema
import LocalAPITestSupport
import Synchronization
import Testing

@testable import GatewayCommands

@Suite("heddle apply") struct ApplyTests {
  private static let wanted = """
    customers:
      - {referenceId: c-1, name: Ada, phone: 5550100, address: {line1: 4 Elm, postalCode: 3000}}
    sites:
      - {referenceId: s-1, name: Elm, customer: c-1, timezone: Europe/Zurich, latitude: 47.0, longitude: 7.4}
    devices:
      - {id: battery-1, name: Cellar, site: s-1}

    """

  private func run(_ arguments: [String], _ text: String, at server: RunningGateway) async throws -> (Int32, String) {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("apply-\(UUID().uuidString).yaml")
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    let command = try #require(
      try HeddleCommand.parseAsRoot(["apply", file.path] + arguments) as? any GatewayCommand)
    let written = Written()
    let session = Session(
      client: LocalAPIClient(.socket(path: server.socketPath)),
      output: Output(isTerminal: false, color: false, write: written.add, writeError: written.add),
      json: command.connection.json, sleep: { _ in })
    let status = await command.perform(in: session)
    await session.client.shutdown()
    return (status.rawValue, written.text.withLock { $0 })
  }

  private final class Written: Sendable {
    let text = Mutex("")
    func add(_ more: String) { text.withLock { $0 += more } }
  }

  @Test("It shows the difference, makes it only when told to, and the same file again changes nothing")
  func idempotence() async throws {
    try await RunningGateway.with { server in
      let (status, shown) = try await run([], Self.wanted, at: server)
      #expect(status == 0)
      #expect(shown.contains("+ customer c-1") && shown.contains("+ site s-1") && shown.contains("~ device battery-1"))
      #expect(shown.contains("2 to make, 1 to change, 0 as wanted; repeat with --yes"))
      #expect(await server.gateway.customerList.count == 2, "nothing was made")

      let (done, said) = try await run(["--yes"], Self.wanted, at: server)
      #expect(done == 0, "\(said)")
      let customer = try #require(await server.gateway.customerList.first { $0.referenceId == "c-1" })
      let site = try #require(await server.gateway.siteList.first { $0.referenceId == "s-1" })
      #expect(customer.phone == "5550100" && customer.address?.postalCode == "3000")
      #expect(site.customerId == customer.id && site.latitude == 47)
      let device = try #require(await server.gateway.deviceList.first { $0.id == "battery-1" })
      #expect(device.name == "Cellar" && device.siteId == site.id)

      let (_, again) = try await run(["--yes"], Self.wanted, at: server)
      #expect(again.contains("0 to make, 0 to change, 3 as wanted"), "\(again)")
      let changed = Self.wanted.replacing("name: Elm", with: "name: Elm Street")
      let (_, difference) = try await run([], changed, at: server)
      #expect(difference.contains(#"name: "Elm" → "Elm Street""#), "\(difference)")
    }
  }

  @Test("Mistakes of the file have their places, and nothing is changed")
  func mistakes() async throws {
    try await RunningGateway.with { server in
      let (status, text) = try await run(
        ["--yes"], "customers:\n  - {name: Ada}\n  - {referenceId: a, shoe: 1}\nsites: {}\n", at: server)
      #expect(status == 78)
      #expect(text.contains(":2:") && text.contains(":3:") && text.contains("shoe") && text.contains("must be a list"))
      let (missing, words) = try await run(["--yes"], "sites: [{referenceId: s, customer: nobody}]\n", at: server)
      #expect(missing == 1 && words.contains("there is no customer"))
      let (device, other) = try await run(["--yes"], "devices: [{id: ghost}]\n", at: server)
      #expect(device == 1 && other.contains("ghost"))
      #expect(await server.gateway.siteList.count == 2)
    }
  }

  @Test("Records are made, changed and deleted on the command line")
  func commands() async throws {
    try await RunningGateway.with { server in
      func heddle(_ arguments: String...) async throws -> String {
        let command = try #require(try HeddleCommand.parseAsRoot(arguments) as? any GatewayCommand)
        let written = Written()
        let session = Session(
          client: LocalAPIClient(.socket(path: server.socketPath)),
          output: Output(isTerminal: false, color: false, write: written.add, writeError: written.add),
          json: command.connection.json, sleep: { _ in })
        _ = await command.perform(in: session)
        await session.client.shutdown()
        return written.text.withLock { $0 }
      }
      #expect(
        try await heddle("customer", "create", "--first-name", "Ada", "--reference", "r") == "customer cus_1 is made\n")
      _ = try await heddle("customer", "update", "cus_1", "--phone", "1", "--iso", "CAISO", "--clear", "referenceId")
      let customer = try #require(await server.gateway.customerList.last)
      #expect(customer.phone == "1" && customer.utility?.iso == "CAISO" && customer.referenceId == nil)
      #expect(try await heddle("customer", "list", "--search", "ADA").contains("cus_1"))
      #expect(try await heddle("site", "create", "--name", "S", "--customer", "Ada").contains("belongs to cus_1"))
      #expect(try await heddle("site", "show", "sit_1").contains("sit_1"))
      _ = try await heddle("device", "update", "battery-1", "--customer", "Ada", "--name", "B")
      #expect(await server.gateway.deviceList.first { $0.id == "battery-1" }?.customerId == "cus_1")
      #expect(try await heddle("customer", "update", "cus_1").contains("nothing to change"))
      #expect(try await heddle("site", "update", "sit_1", "--clear", "name").contains("cannot be cleared"))
      #expect(try await heddle("customer", "delete", "Ada", "--purge").contains("its energy is removed"))
      #expect(try await heddle("customer", "activity", "demo").contains("nothing happened yet"))
    }
  }
}
