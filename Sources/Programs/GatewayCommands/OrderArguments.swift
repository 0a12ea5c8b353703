import ArgumentParser
import EnergyModel
import LocalAPISchema

/// A command for devices that are not named one by one: `battery charge --power 2kW`, or `battery:charge powerW=2kW`.
struct OrderArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "What to do: battery charge, thermostat set-operating-mode mode=heat; arguments as name=value.",
      valueName: "kind verb name=value"))
  var words: [String]
  @Option(help: "Power, such as 2500W or 2.5kW.", transform: { try Quantity.power($0) })
  var power: Double?
  @Option(help: "State of charge at which it ends, such as 80%.", transform: { try Quantity.percent($0) })
  var targetSoc: Double?

  func validate() throws { _ = try order() }

  func order() throws -> CommandOrder {
    var rest = words[...]
    var slug = rest.popFirst() ?? ""
    if !slug.contains(":") {
      guard DeviceKind(rawValue: slug) != nil, let verb = rest.popFirst(), !verb.contains("=") else {
        throw ValidationError(
          "'\(words.joined(separator: " "))' does not begin with a kind of device and a verb, such as battery charge.")
      }
      slug += ":\(verb)"
    }
    var input = try CommandCommand.Send.values(Array(rest))
    if let power { input["powerW"] = .number(power) }
    if let targetSoc { input["targetSocPercent"] = .number(targetSoc) }
    return CommandOrder(slug: slug, input: input)
  }
}
