import ArgumentParser
import EnergyModel
import Foundation
import LocalAPIClient
import LocalAPISchema

struct UsageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "usage", abstract: "Usage of customers, usage meters and their events.",
    discussion: "A usage meter counts events that programs report; a device of type meter is something else.",
    subcommands: [Customer.self, Meters.self, AddMeter.self, Meter.self, Events.self, Report.self])

  struct Customer: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Energy of a customer, as `heddle customer usage`.")
    @Argument(help: "Id or name.")
    var customer: String
    @OptionGroup var usage: UsageOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let id = try await session.customerID(customer)
      session.show(try await session.client.customerUsage(id, usage.period)) {
        UsageView.lines($0, color: session.output.color)
      }
      return .fine
    }
  }

  struct Meters: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "All usage meters.")
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.usageMeters()) { page in
        var table = TextTable("ID", "NAME", "AGGREGATION", "UNIT", "TOKEN")
        for meter in page.data {
          table.add([
            .init(meter.id), .init(meter.name), .init(meter.aggregation.rawValue), .init(meter.unit),
            .init(meter.token, .faint),
          ])
        }
        return page.data.isEmpty ? ["no usage meters"] : table.lines(color: session.output.color)
      }
      return .fine
    }
  }

  struct AddMeter: GatewayCommand {
    static let configuration = CommandConfiguration(commandName: "add-meter", abstract: "Make a usage meter.")
    @Argument(help: "Its name.")
    var name: String
    @Option(help: "SUM, MAX, UNIQUE_COUNT, LAST or WEIGHTED_SUM.")
    var aggregation: String = UsageAggregation.sum.rawValue
    @Option(help: "For people: kWh, request.")
    var unit: String?
    @Option(help: "The member of an event's metadata that counts.")
    var property: String?
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      guard let aggregation = UsageAggregation(rawValue: aggregation.uppercased()) else {
        throw ValidationError(
          "--aggregation is one of \(UsageAggregation.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      let draft = UsageMeterDraft(name: name, aggregation: aggregation, unit: unit, property: property)
      session.show(try await session.client.createUsageMeter(draft)) { ["\($0.id)  token \($0.token)"] }
      return .fine
    }
  }

  struct Meter: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "What the events of a usage meter come to.")
    @Argument(help: "Id or token.")
    var meter: String
    @Option(help: "Only this customer's.")
    var customer: String?
    @OptionGroup var usage: UsageOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let reply = try await session.client.meterUsage(meter, customerId: customer, usage.period)
      session.show(reply) { report in
        let clock = LocalClock(timezone: report.timezone)
        var table = TextTable("START", ">USAGE", ">EVENTS")
        for bucket in report.series {
          table.add([
            .init(clock.text(bucket.start)), .init(bucket.usage ?? Phrasing.unknown), .init("\(bucket.eventCount)"),
          ])
        }
        table.add([
          .init("total", .strong), .init("\(report.total ?? Phrasing.unknown) \(report.unit)", .strong),
          .init("\(report.eventCount)", .strong),
        ])
        return table.lines(color: session.output.color)
      }
      return .fine
    }
  }

  struct Events: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Events of a usage meter, newest first.")
    @Argument(help: "Id or token.")
    var meter: String
    @Option(help: "Only this customer's.")
    var customer: String?
    @Option(help: "At most so many, up to 500.")
    var limit: Int = 50
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let reply = try await session.client.usageEvents(meter, customerId: customer, limit: limit)
      session.show(reply) { page in
        var table = TextTable("TIME", "CUSTOMER", ">QUANTITY", "ID")
        for event in page.data {
          table.add([
            .init(event.timestamp.rfc3339), .init(event.customerId), .init(event.quantity), .init(event.id, .faint),
          ])
        }
        return page.data.isEmpty ? ["no events"] : table.lines(color: session.output.color)
      }
      return .fine
    }
  }

  struct Report: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Report events from a file with a JSON object in each line.",
      discussion: #"{"meterId": "mtr_…", "customerId": "ada", "quantity": 1, "idempotencyKey": "order-17"}"#)
    @Argument(help: "The file; - for standard input.")
    var file: String
    @OptionGroup var connection: ConnectionOptions

    /// As many events as one request takes.
    private static let batchSize = 1000

    func run(in session: Session) async throws -> ExitStatus {
      let events = try read()
      var rejected = 0
      for start in stride(from: 0, to: events.count, by: Self.batchSize) {
        let reply = try await session.client.track(
          UsageEventBatch(events: Array(events[start...].prefix(Self.batchSize))))
        rejected += reply.value.rejected
        session.show(reply) { report in
          ["\(report.accepted) accepted, \(report.duplicates) known already, \(report.rejected) rejected"]
            + report.results.filter { $0.status == .rejected }.map {
              "event \(start + $0.index + 1): \($0.error?.detail ?? "rejected")"
            }
        }
      }
      return rejected == 0 ? .fine : .partial
    }

    private func read() throws -> [JSONValue] {
      let data =
        file == "-" ? FileHandle.standardInput.readDataToEndOfFile() : try Data(contentsOf: URL(fileURLWithPath: file))
      let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
      return try lines.enumerated().map { number, line in
        do {
          return try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
        } catch {
          throw CommandFailure(message: "line \(number + 1) of \(file) is not JSON", hint: "one object in each line")
        }
      }
    }
  }
}
