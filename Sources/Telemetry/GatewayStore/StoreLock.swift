import Glibc

/// Keeps a second gateway from the same file: SQLite would let both write, and both would send commands.
///
/// The lock is on a file of its own, `heddle.db.lock`, because closing any descriptor of the database's own file would
/// drop the locks that SQLite holds on it. The system releases it with the process, however that ends.
final class StoreLock: Sendable {
  private let descriptor: CInt

  init(path: String) throws(GatewayStoreError) {
    let file = path + ".lock"
    descriptor = Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw GatewayStoreError(code: .cannotOpen, operation: "make \(file)", reason: Self.reason())
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let isTaken = errno == EWOULDBLOCK
      let reason = Self.reason()
      close(descriptor)
      throw GatewayStoreError(
        code: isTaken ? .inUse : .cannotOpen, operation: "open \(path)",
        reason: isTaken ? "another heddled uses it" : reason)
    }
  }

  deinit { close(descriptor) }

  private static func reason() -> String { strerror(errno).map { String(cString: $0) } ?? "error \(errno)" }
}
