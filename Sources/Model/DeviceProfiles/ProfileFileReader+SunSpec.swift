import LocatedYAML

/// Points of SunSpec models, by the names of the standard or by offset.
extension ProfileFileReader {
  func sunSpec(_ node: YAMLNode, _ point: YAMLNode) -> SunSpecSource? {
    guard node.expectMapping(keys: ["model", "point", "instance", "offset"]), let model = node.require("model")
    else { return nil }
    let nodes = model.isSequence ? model.elements : [model]
    let models = nodes.compactMap { $0.integerValue(in: 1...0xFFFE).flatMap { UInt16(exactly: $0) } }
    guard models.count == nodes.count, let first = models.first else { return nil }
    let instance = node["instance"].map { $0.integerValue(in: 1...SunSpecDiscovery.maxModels) } ?? 1
    guard let instance else { return nil }
    point["repeat"]?.report(
      Finding.repetition, "the device says how many blocks a SunSpec model has: write module.*.DCW")
    let unit = unitReference(point["unitId"])
    if let name = node["point"] {
      node["offset"]?.report(Finding.sunSpec, "a SunSpec point has a name or an offset, not both")
      for key in ["type", "length", "byte", "order"] {
        point[key]?.report(Finding.sunSpec, "the standard says the type of \(name.scalarText ?? "the point")")
      }
      if let stray = point["scaleFactor"] {
        stray.report(Finding.sunSpec, "the standard says the scale factor of \(name.scalarText ?? "the point")")
      }
      guard var source = standardPoint(name, models, instance) else { return nil }
      source.unit = unit
      if source.point?.contains(".*.") == true {
        source.combine = point.require("combine").flatMap { combineValue($0) }
      }
      return source
    }
    guard let offset = node["offset"] else {
      node.report(Finding.sunSpec, "\(node.subject) needs 'point' or 'offset'")
      return nil
    }
    guard let registers = offset.integerValue(in: 2...0xFFFF), let type = type(point) else { return nil }
    return SunSpecSource(
      models: [first] + models.dropFirst(), point: nil, offset: registers, type: type, scaleFactorOffset: nil,
      instance: instance, unit: unit)
  }

  private func standardPoint(_ node: YAMLNode, _ models: [UInt16], _ instance: Int) -> SunSpecSource? {
    guard let name = node.textValue() else { return nil }
    var definition: SunSpecPointDefinition?
    for model in models {
      let names = SunSpecModels.pointNames(model: model)
      guard !names.isEmpty else {
        node.report(
          Finding.sunSpec, "the points of SunSpec model \(model) are not known here",
          hint: "give offset and type instead")
        return nil
      }
      guard let found = SunSpecModels.point(name, model: model) else {
        node.report(
          Finding.sunSpec, "SunSpec model \(model) has no point '\(name)'",
          hint: Suggestion.hint(for: name, among: names))
        return nil
      }
      definition = definition ?? found
    }
    guard let definition else { return nil }
    return SunSpecSource(
      models: models, point: name, offset: definition.offset, type: definition.type,
      scaleFactorOffset: definition.scaleFactorOffset, instance: instance)
  }
}
