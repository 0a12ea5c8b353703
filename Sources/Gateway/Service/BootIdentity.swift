import Foundation
import LocalAPIServer

/// Which start of the machine this is.
enum BootIdentity {
  /// What the unit file sets: `%b` of systemd, because a service that sees only processes cannot read the kernel's file.
  static let variable = "HEDDLE_BOOT_ID"
  static let file = "/proc/sys/kernel/random/boot_id"

  /// The kernel's identity of this start, 32 hexadecimal digits. Where nobody tells it, one of this process alone: then
  /// no other run takes this one's monotonic times for its own.
  static func present(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    file: String? = try? String(contentsOfFile: BootIdentity.file, encoding: .utf8)
  ) -> String {
    let told = [environment[variable], file].compactMap { $0.flatMap(digits) }.first
    return told ?? "process-\(Identifiers.random(RandomBytes.system))"
  }

  private static func digits(_ text: String) -> String? {
    let digits = text.lowercased().filter { $0 != "-" && !$0.isWhitespace }
    return digits.utf8.count == 32 && digits.allSatisfy(\.isHexDigit) ? digits : nil
  }
}
