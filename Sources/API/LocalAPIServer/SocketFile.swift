import Foundation
import LocalAPISchema

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The file of a Unix socket: made room for before listening, opened to its group afterwards, removed at the end.
struct SocketFile: Sendable {
  let configuration: LocalAPIConfiguration.Socket

  private var path: String { configuration.path }

  /// Removes the file that a dead daemon left behind.
  ///
  /// - Throws: when the path is too long, something else is there, or another daemon answers.
  func prepare() throws(LocalAPIServerError) {
    guard path.utf8.count <= SocketLocations.maxPathBytes else {
      throw LocalAPIServerError(
        "the socket path has \(path.utf8.count) bytes, Linux allows \(SocketLocations.maxPathBytes): \(path)",
        hint: "choose a shorter one")
    }
    if configuration.group != nil { _ = try groupID() }
    guard let type = try fileType() else { return try checkDirectory() }
    guard type == .typeSocket else {
      throw LocalAPIServerError("\(path) is there and is not a socket", hint: "remove it, or choose another path")
    }
    guard !isAlive() else {
      throw LocalAPIServerError("another gateway listens on \(path)", hint: "stop it first, or choose another path")
    }
    guard unlink(path) == 0 else { throw LocalAPIServerError("cannot replace \(path): \(Self.reason())") }
  }

  /// Lets the group in, and nobody else.
  func open() throws(LocalAPIServerError) {
    if configuration.group != nil {
      guard chown(path, uid_t.max, try groupID()) == 0 else {
        throw LocalAPIServerError("cannot give \(path) to the group: \(Self.reason())")
      }
    }
    guard chmod(path, 0o660) == 0 else { throw LocalAPIServerError("cannot set the mode of \(path): \(Self.reason())") }
  }

  /// Removes the file; that it is gone already is no error.
  func remove() { unlink(path) }

  /// What is at the path, links not followed; `nil` = nothing.
  private func fileType() throws(LocalAPIServerError) -> FileAttributeType? {
    do {
      return try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType ?? .typeUnknown
    } catch {
      let code = (error as? CocoaError)?.code
      if code == .fileReadNoSuchFile || code == .fileNoSuchFile { return nil }
      throw LocalAPIServerError("\(path): \(error.localizedDescription)")
    }
  }

  private func checkDirectory() throws(LocalAPIServerError) {
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    guard access(directory.isEmpty ? "/" : directory, W_OK) == 0 else {
      throw LocalAPIServerError(
        "cannot make a socket in \(directory): \(Self.reason())", hint: "make the directory, or choose another path")
    }
  }

  private func isAlive() -> Bool {
    #if canImport(Glibc)
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }

  private func groupID() throws(LocalAPIServerError) -> gid_t {
    let name = configuration.group ?? ""
    var entry = group()
    var found: UnsafeMutablePointer<group>?
    var buffer = [CChar](repeating: 0, count: 16_384)
    guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
      throw LocalAPIServerError("there is no group '\(name)'", hint: "make it with: groupadd --system \(name)")
    }
    return entry.gr_gid
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
