import CProcessMemory
import TimeSource

/// Keeps the daemon's resident memory at what it works with.
///
/// The start reads profiles and configuration with code that is not needed again: two thirds of the program. It stays
/// mapped until the system has no other memory left, and counts as the daemon's until then.
enum ProcessMemory {
  /// Time between two times that memory is given back. What is needed again costs a fault for every 64 KiB, some
  /// milliseconds in all.
  static let interval = Duration.seconds(300)
  /// Until the first time: the links are connected, and the store has written once.
  static let settling = Duration.seconds(30)

  /// To be called before anything else.
  static func bound() { heddle_memory_bound() }

  /// Gives back what is not in use, until its task is cancelled.
  static func run(_ time: TimeSource) async {
    var pause = settling
    while (try? await time.sleep(for: pause)) != nil {
      heddle_memory_give_back()
      pause = interval
    }
  }
}
