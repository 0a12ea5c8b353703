public import DeviceProfiles
import EnergyModel
import ModbusWire

/// What is known about products, brought into the form in which devices are asked.
public struct ProductCatalogue: Sendable {
  let profiles: [DeviceProfile]
  let byID: [String: DeviceProfile]
  private let signs: [(sign: RegisterSign, unit: UInt8)]
  private let sunSpecUnits: [UInt8]

  /// The products of a library.
  public init(_ library: ProfileLibrary) {
    profiles = library.profiles.values.sorted { $0.id < $1.id }
    byID = library.profiles
    signs = profiles.flatMap { profile in
      let unit = profile.usualUnit
      return profile.registerSigns.map { ($0, unit) }
    }
    sunSpecUnits = Array(Set(profiles.filter { !$0.sunSpecModels.isEmpty }.map(\.usualUnit)).union([1, 126])).sorted()
  }

  /// The units that are worth asking over the network where nobody says which.
  var usualUnits: [UInt8] {
    let all = Set(signs.map(\.unit)).union(sunSpecUnits)
    return all.sorted { ($0 != 1 ? 1 : 0, $0) < ($1 != 1 ? 1 : 0, $1) }
  }

  /// The signs that a unit is asked for, those that are certain first.
  ///
  /// - Parameter isNamed: somebody named the unit, so that any product may have it.
  func signs(ofUnit unit: UInt8, isNamed: Bool, framing: ModbusFraming) -> [RegisterSign] {
    let here = signs.filter { sign, usual in
      guard isNamed || usual == unit, case .modbus(let settings)? = byID[sign.profileID]?.transport else {
        return false
      }
      return settings.framings.contains(framing)
    }
    return here.map(\.sign).filter(\.isCertain) + here.map(\.sign).filter { !$0.isCertain }
  }

  /// The profiles for a SunSpec device, the best first: those of its maker, then those with most of their models there.
  func profiles(for device: SunSpecScan.Device) -> [(profile: DeviceProfile, isOfMaker: Bool)] {
    let present = Set(device.models)
    let fitting = profiles.compactMap { profile -> (profile: DeviceProfile, isOfMaker: Bool, share: Double)? in
      let wanted = profile.sunSpecModels
      guard case .modbus = profile.transport, !wanted.isEmpty, !wanted.isDisjoint(with: present) else { return nil }
      let maker = profile.manufacturer.lowercased()
      let isOfMaker = device.manufacturer.lowercased().hasPrefix(maker)
      // A profile of another maker reads registers of its own beside the standard.
      guard isOfMaker || profile.registerIsStandard else { return nil }
      return (profile, isOfMaker, Double(profile.parts(withModels: device.models).count))
    }
    return fitting.sorted {
      ($0.isOfMaker ? 0 : 1, -$0.share, $0.profile.id) < ($1.isOfMaker ? 0 : 1, -$1.share, $1.profile.id)
    }.map { ($0.profile, $0.isOfMaker) }
  }
}

extension DeviceProfile {
  /// The unit that the product has as delivered.
  var usualUnit: UInt8 {
    guard case .modbus(let settings) = transport else { return 1 }
    let value = settings.unit.evaluate { name in
      let parameter = name.hasPrefix("parameter.") ? String(name.dropFirst("parameter.".count)) : name
      return parameters.first { $0.name == parameter }?.defaultValue ?? .null
    }
    if case .number(let number) = value { return UInt8(exactly: number) ?? 1 }
    return 1
  }

  /// The parameter that is the unit; `nil` where it is fixed or computed.
  var unitParameter: String? {
    guard case .modbus(let settings) = transport, settings.unit.names.count == 1, let name = settings.unit.names.first,
      settings.unit.text == "$" + name.dropFirst("parameter.".count) || settings.unit.text == name
    else { return nil }
    return String(name.dropFirst("parameter.".count))
  }

  /// Whether everything that it reads is SunSpec of the standard's own models.
  var registerIsStandard: Bool {
    parts.flatMap(\.points).allSatisfy { point in
      switch point.source {
      case .register: false
      case .sunSpec(let source): source.models.allSatisfy { $0 < 64_000 }
      case .message, .response, .computed, .constant: true
      }
    }
  }
}
