import EnergyModel
import LocatedYAML

/// What an installation says, and what is read from the device instead.
extension ProfileFileReader {
  func readParameters(_ node: YAMLNode?) {
    guard let node else { return }
    guard node.isMapping else {
      node.report(Finding.parameter, "'parameters' must be a mapping of names")
      return
    }
    for (key, value) in node.entries {
      guard let name = identifier(key), let parameter = readParameter(name, value) else { continue }
      parameters.append(parameter)
      if let read = value["read"] { pendingReads.append((read, parameters.count - 1)) }
    }
  }

  private func readParameter(_ name: String, _ node: YAMLNode) -> ProfileParameter? {
    guard node.expectMapping(keys: ["type", "range", "choices", "default", "read", "secret", "help"]),
      let type = node.require("type")?.wordValue(among: ["integer", "number", "text", "flag", "choice"])
    else { return nil }
    guard let kind = parameterKind(type, node) else { return nil }
    var parameter = ProfileParameter(
      name: name, kind: kind, defaultValue: nil, isSecret: node["secret"]?.flagValue() ?? false,
      help: node["help"]?.textValue() ?? "")
    if let node = node["default"] {
      do throws(ProfileBindingError) {
        parameter.defaultValue = try parameter.check(scalar(node))
      } catch {
        node.report(Finding.parameter, "the default does not fit: \(error.message)")
      }
    }
    return parameter
  }

  private func parameterKind(_ type: String, _ node: YAMLNode) -> ProfileParameter.Kind? {
    let range = node["range"].flatMap { rangeValue($0) }
    if let stray = node["range"], type != "integer", type != "number" {
      stray.report(Finding.parameter, "a range is for parameters of type integer or number, this is \(type)")
    }
    if let stray = node["choices"], type != "choice" {
      stray.report(Finding.parameter, "choices are for parameters of type choice, this is \(type)")
    }
    switch type {
    case "integer":
      let bounds = range.flatMap { Int(exactly: $0.lowerBound) }.flatMap { low in
        range.flatMap { Int(exactly: $0.upperBound) }.map { low...$0 }
      }
      return .integer(bounds ?? Int.min...Int.max)
    case "number": return .number(range ?? -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
    case "flag": return .flag
    case "choice":
      guard let choices = node.require("choices")?.textListValue(), !choices.isEmpty else { return nil }
      return .choice(choices)
    default: return .text
    }
  }

  // MARK: Read from the device

  private static let readKeys =
    ["holding", "input", "coil", "discrete", "sunspec", "type", "length", "order", "valid"]
    + conversionKeys.filter { $0 != "scaleFactor" }

  /// When the transport is known: where parameters are read from.
  func readParameterSources() {
    for (node, index) in pendingReads {
      guard case .modbus = transport else {
        node.report(Finding.parameter, "a parameter is read from registers, which needs the transport modbus")
        continue
      }
      guard node.expectMapping(keys: Self.readKeys), node["scaleFactor"] == nil,
        let source = source(node, scope: .installation)
      else { continue }
      if case .register(let register) = source, !register.words.isEmpty {
        node.report(Finding.words, "a parameter is read from registers that are neighbours")
        continue
      }
      if parameters[index].defaultValue == nil {
        node.report(
          Finding.parameter, "what is read from the device needs a default, for the device that does not have it")
      }
      if parameters[index].isSecret { node.report(Finding.parameter, "what is read from the device is no secret") }
      let conversion = readConversion(node, .local(parameters[index].name), 0)
      parameters[index].read = ProfilePoint(
        target: .local(parameters[index].name), source: source, conversion: conversion,
        valid: node["valid"].flatMap { rangeValue($0) }, counter: nil, pollClass: .once, isOptional: true,
        line: node.line)
    }
    for (node, index) in pendingReads {
      guard let source = parameters[index].read?.source, case .register(let register) = source,
        let name = register.orderParameter, isRead(name), register.type.registerCount > 1
      else { continue }
      node.report(Finding.parameter, "the order is read from the device itself, so this needs an order of its own")
    }
  }

  /// Whether a parameter may come from the device.
  func isRead(_ name: String) -> Bool { parameters.contains { $0.name == name && $0.read != nil } }
}
