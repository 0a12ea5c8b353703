import EnergyModel
import LocalAPISchema

/// The words of the compatible form for what a device is to do, as commands that the device has.
struct OperatingModes {
  private let orders: [String: CommandOrder]

  /// What peers call the modes that have another name here.
  private static let peerNames = ["self_consumption": "selfConsumption", "time_of_use": "timeOfUse"]

  init(_ device: DeviceResource) {
    var orders: [String: CommandOrder] = [:]
    for command in device.availableCommands {
      guard let name = CommandName(command.slug) else { continue }
      switch name.verb {
      case "charge", "discharge", "idle":
        if command.input.required.isEmpty { orders[name.verb] = CommandOrder(slug: command.slug) }
      case "auto": orders["reset"] = CommandOrder(slug: command.slug)
      case "set-operating-mode":
        for mode in command.input.properties["mode"]?.enum ?? [] where orders[mode] == nil {
          orders[mode] = CommandOrder(slug: command.slug, input: ["mode": .text(mode)])
        }
      default: break
      }
    }
    // A thermostat's "auto" holds two setpoints there, which is `heatCool` here.
    if device.type == .thermostat, let both = orders["heatCool"] { orders["auto"] = both }
    for (peer, own) in Self.peerNames { orders[peer] = orders[own] }
    self.orders = orders
  }

  /// The command for a word; an unknown word is noted with those that there are.
  func order(_ word: String, at place: String, _ problems: inout BodyProblems) -> CommandOrder? {
    if let order = orders[word] { return order }
    let words = orders.keys.sorted()
    problems.add(
      place, "the device cannot be in the mode '\(word)'", code: "UNSUPPORTED_PARAMETER",
      hint: words.isEmpty ? "it has no modes" : "possible are \(words.joined(separator: ", "))")
    return nil
  }
}
