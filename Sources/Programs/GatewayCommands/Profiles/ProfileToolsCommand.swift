import ArgumentParser
import DeviceProfiles
import EnergyModel
import ProfileExplanation

/// `heddle profile`: everything that an author of a profile needs, without a gateway and without the device.
struct ProfileToolsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Write device profiles: check, test, plan and try them without the device.",
    subcommands: [
      ProfileListCommand.self, ProfileShowCommand.self, ProfileLintCommand.self, ProfileTestCommand.self,
      ProfilePlanCommand.self, ProfileDecodeCommand.self, ProfileNewCommand.self, ProfileDiffCommand.self,
      ProfileSchemaCommand.self, ProfileRecordCommand.self,
    ])
}

struct ProfileListCommand: ProfileTool {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "All profiles.")

  @Flag(help: "As the page of products, in Markdown.")
  var markdown = false
  @Flag(help: "How many there are of each kind of device, in Markdown.")
  var summary = false
  @OptionGroup var options: ProfileOptions

  private struct Row: Encodable {
    var id: String
    var name: String
    var manufacturer: String
    var products: [String]
    var devices: [String]
    var transport: String
    var maturity: String
    var file: String

    init(_ profile: DeviceProfile) {
      id = profile.id
      name = profile.name
      manufacturer = profile.manufacturer
      products = profile.products
      devices = profile.parts.map(\.kind.rawValue)
      transport = ProfileWords.transport(profile.transport)
      maturity = profile.maturity.rawValue
      file = profile.file
    }
  }

  func run(on bench: ProfileBench) throws -> ExitStatus {
    if markdown || summary {
      let table = ProductTable(try bench.library().profiles.values)
      bench.output.print(summary ? table.summary : table.page)
      return .fine
    }
    let rows = try bench.library().profiles.values.sorted { $0.id < $1.id }.map(Row.init)
    bench.show(rows) {
      guard !rows.isEmpty else { return ["there are no profiles in \(bench.directories.joined(separator: ", "))"] }
      var table = TextTable("ID", "NAME", "DEVICES", "TRANSPORT", "MATURITY", "FILE")
      for row in rows {
        table.add(row.id, row.name, row.devices.joined(separator: ", "), row.transport, row.maturity, row.file)
      }
      return table.lines(color: bench.output.color)
    }
    return .fine
  }
}

struct ProfileShowCommand: ProfileTool {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One profile: what it reads, what it can do, and everything that it may write.")

  @Argument(help: "Id, or the path of a file.")
  var profile: String
  @OptionGroup var options: ProfileOptions

  func run(on bench: ProfileBench) throws -> ExitStatus {
    let summary = ProfileSummary(try bench.profile(profile))
    bench.show(summary) { summary.lines(color: bench.output.color) }
    return .fine
  }
}
