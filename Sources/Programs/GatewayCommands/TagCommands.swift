import ArgumentParser
import LocalAPIClient
import LocalAPISchema

struct TagCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag", abstract: "Words by which devices are chosen for batches and schedules.",
    subcommands: [List.self, Set.self, Devices.self], defaultSubcommand: List.self)

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "All tags, or those of one device.")
    @Argument(help: "Id or name of a device.")
    var device: String?
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      if let device {
        session.show(try await session.client.tags(of: try await session.device(device).value.id)) {
          TagView.device($0, color: session.output.color)
        }
      } else {
        session.show(try await session.client.allTags()) { TagView.all($0.data, color: session.output.color) }
      }
      return .fine
    }
  }

  struct Set: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Replace the tags of a device; those of the configuration file stay.",
      discussion: "heddle tag set battery-1 north pilot; without words the device loses the tags that it was given.")
    @Argument(help: "Id or name of the device.")
    var device: String
    @Argument(help: "The tags that it is to have.")
    var tags: [String] = []
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let id = try await session.device(device).value.id
      session.show(try await session.client.setTags(tags, of: id)) {
        TagView.device($0, color: session.output.color)
      }
      return .fine
    }
  }

  struct Devices: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "The devices that have a tag.")
    @Argument(help: "The tag.")
    var tag: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.devices(withTag: tag)) {
        DeviceView.list($0.data, color: session.output.color)
      }
      return .fine
    }
  }
}

enum TagView {
  static func all(_ tags: [TagSummary], color: Bool) -> [String] {
    guard !tags.isEmpty else { return ["no tags; heddle tag set DEVICE WORD gives one"] }
    var table = TextTable("TAG", ">DEVICES")
    for tag in tags { table.add([.init(tag.tag, .strong), .init(String(tag.deviceCount))]) }
    return table.lines(color: color)
  }

  static func device(_ list: DeviceTagList, color: Bool) -> [String] {
    guard !list.sources.isEmpty else { return ["\(list.deviceId) has no tags"] }
    var table = TextTable("TAG", "FROM")
    for tag in list.sources { table.add([.init(tag.tag, .strong), .init(tag.source.rawValue, .faint)]) }
    return table.lines(color: color)
  }
}
