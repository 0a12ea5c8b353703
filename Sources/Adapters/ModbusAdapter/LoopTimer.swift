import NIOCore

/// A timer of an event loop that calls once, unless it is cancelled. Belongs to the thread of its loop.
///
/// Each request starts two of them: a task of the loop would bring a promise and its future with it each time.
final class LoopTimer: NIOScheduledCallbackHandler {
  private var body: (() -> Void)?
  private var callback: NIOScheduledCallback?

  /// Calls on the loop after a time; to be started on that loop.
  init(after time: Duration, on loop: any EventLoop, _ body: @escaping () -> Void) {
    self.body = body
    // Refused by a loop that was shut down, and with that everything else.
    callback = try? loop.assumeIsolated().scheduleCallback(in: TimeAmount(time), handler: self)
  }

  /// It does not call any more.
  func cancel() {
    body = nil
    callback?.cancel()
    callback = nil
  }

  func handleScheduledCallback(eventLoop: some EventLoop) {
    let body = body
    (self.body, callback) = (nil, nil)
    body?()
  }
}
