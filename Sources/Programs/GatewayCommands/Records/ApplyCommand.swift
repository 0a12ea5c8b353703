import ArgumentParser
import LocalAPIClient
import LocalAPISchema
import LocatedYAML

struct ApplyCommand: GatewayCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Make customers, sites and devices as a file says; the same file again changes nothing.",
    discussion: """
      The file has lists of customers and sites with their referenceId, and of devices with their id; customer and site \
      of an entry are references or ids. First the difference is shown; with --yes it is made. Nothing is deleted.
      """)

  @Argument(help: "YAML or JSON.")
  var file: String
  @Flag(help: "Make the changes; without it they are only shown.")
  var yes = false
  @OptionGroup var connection: ConnectionOptions

  func run(in session: Session) async throws -> ExitStatus {
    let (contents, diagnostics) = ApplyFile.read(text: try ProfileFiles.text(file), file: file)
    guard let contents else {
      throw CommandFailure(
        message: diagnostics.map(\.oneLine).joined(separator: "\n"), hint: "nothing was changed", status: .configuration
      )
    }
    let plan = try ApplyPlan(contents, over: try await present(session))
    if !session.json { session.output.print(plan.lines + [summary(plan)]) }
    guard yes else { return .fine }
    var made: [String] = []
    var ids: [String: String] = [:]
    for step in plan.steps {
      do {
        let id = try await make(step, ids, session)
        ids["\(step.kind.rawValue)/\(step.key)"] = id
        made.append(id)
      } catch {
        session.output.writeError("\(step.kind.rawValue) \(step.key) was not \(step.id == nil ? "made" : "changed")\n")
        throw error
      }
    }
    if session.json {
      session.print(
        json: .object(["changed": .array(made.map { .text($0) }), "unchanged": .number(Double(plan.unchanged))]))
    } else if !made.isEmpty {
      session.output.print(["done: \(made.joined(separator: ", "))"])
    }
    return .fine
  }

  private func summary(_ plan: ApplyPlan) -> String {
    let new = plan.steps.count { $0.id == nil }
    let words = "\(new) to make, \(plan.steps.count - new) to change, \(plan.unchanged) as wanted"
    return plan.steps.isEmpty || yes ? words : words + "; repeat with --yes to do it"
  }

  /// Everything that is there, over all pages.
  private func present(_ session: Session) async throws(APIClientError) -> ApplyPlan.Present {
    var present = ApplyPlan.Present()
    var cursor: String?
    repeat {
      let page = try await session.client.customers(cursor: cursor).value
      present.customers += page.data
      cursor = page.nextCursor
    } while cursor != nil
    repeat {
      let page = try await session.client.sites(cursor: cursor).value
      present.sites += page.data
      cursor = page.nextCursor
    } while cursor != nil
    var number = 1
    while true {
      let page = try await session.client.devices(page: number).value
      present.devices += page.data
      guard number < page.totalPages else { return present }
      number += 1
    }
  }

  /// - Parameter ids: what was made before, by kind and reference.
  private func make(_ step: ApplyPlan.Step, _ ids: [String: String], _ session: Session) async throws -> String {
    var members = step.changes
    if let reference = step.customerToCome { members["customerId"] = ids["customer/\(reference)"].map { .text($0) } }
    if let reference = step.siteToCome { members["siteId"] = ids["site/\(reference)"].map { .text($0) } }
    switch (step.kind, step.id) {
    case (.customer, nil): return try await session.client.createCustomer(members).value.id
    case (.customer, let id?): return try await session.client.updateCustomer(id, members).value.id
    case (.site, nil): return try await session.client.createSite(members).value.id
    case (.site, let id?): return try await session.client.updateSite(id, members).value.id
    case (.device, let id): return try await session.client.updateDevice(id ?? step.key, members).value.id
    }
  }
}
