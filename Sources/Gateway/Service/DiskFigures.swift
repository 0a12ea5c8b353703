import Foundation
import Glibc

/// What the system says about disks.
enum DiskFigures {
  /// Free bytes on the disk of a file that an unprivileged process may use; `nil` where that cannot be found out.
  static func freeBytes(at path: String) -> Int64? {
    var figures = statvfs()
    guard statvfs(path, &figures) == 0 else { return nil }
    let (bytes, overflow) = UInt64(figures.f_bavail).multipliedReportingOverflow(by: UInt64(figures.f_frsize))
    return overflow ? .max : Int64(clamping: bytes)
  }

  /// Bytes that this process had written to disks since it started; `nil` where the kernel does not count them.
  static func writtenBytes() -> Int64? {
    guard let text = try? String(contentsOfFile: "/proc/self/io", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("write_bytes: ") }
    return line?.split(separator: " ").last.flatMap { Int64($0) }
  }
}
