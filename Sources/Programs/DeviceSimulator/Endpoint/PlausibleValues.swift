import DeviceProfiles
import EnergyModel

/// What a device says where physics has nothing to say: names, serial numbers, states.
enum PlausibleValues {
  /// A value for a field that is not physical.
  static func value(of field: Field, profile: DeviceProfile, name: String) -> ScalarValue {
    switch field.name {
    case "manufacturer": return .text(profile.manufacturer)
    case "model": return .text(productName(profile))
    case "serialNumber": return .text("HDL-" + serial(of: name))
    case "firmwareVersion": return .text("1.4.2")
    case "faults": return .text("")
    default: break
    }
    switch field.type {
    case .number: return .number(0)
    case .flag: return .flag(false)
    case .text: return .text("0")
    case .label(let words): return .text(words.first ?? "unknown")
    }
  }

  /// The first product of a profile with something in place of the `*`; what `identify` accepts if it says so.
  static func productName(_ profile: DeviceProfile) -> String {
    let pattern = profile.identify?.matches.first ?? profile.products.first ?? profile.name
    return filled(pattern)
  }

  /// A text that matches a pattern with `*`.
  static func filled(_ pattern: String) -> String { pattern.replacing("*", with: "10K") }

  /// The words that come closest when a product has no code for a word of the model.
  static func nearest(to word: String) -> [String] {
    let near: [String: [String]] = [
      "idle": ["standby", "holding", "off", "full"], "full": ["idle", "standby", "holding"],
      "empty": ["idle", "standby", "holding"], "off": ["idle", "standby"], "throttled": ["running"],
      "sleeping": ["standby", "off"], "standby": ["off", "sleeping", "idle"], "heat": ["auto"],
      "selfConsumption": ["timeOfUse", "remote"], "timeOfUse": ["selfConsumption"], "none": ["home", "unknown"],
      "manual": ["unknown"], "offGrid": ["unknown"], "pluggedIn": ["readyWaiting", "ending"],
      "readyWaiting": ["pluggedIn"], "auto": ["start-charging"], "start-charging": ["auto"],
    ]
    return near[word] ?? []
  }

  private static func serial(of name: String) -> String {
    // A short number that depends on the name alone (FNV-1a), so it is the same in every run.
    var hash: UInt32 = 2_166_136_261
    for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return String(hash)
  }
}
