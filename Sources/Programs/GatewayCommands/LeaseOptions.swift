import ArgumentParser

/// How long a command is to hold; the device goes back to normal afterwards.
struct LeaseOptions: ParsableArguments {
  @Option(name: .customLong("for"), help: "How long, such as 30m or 2h.", transform: { try Quantity.duration($0) })
  var duration: Double?

  @Option(
    help: "Until when: 18:00, +30m, or 2026-05-01T18:00:00Z; instead of --for.", transform: { try MomentText($0) })
  var until: MomentText?

  func validate() throws {
    if duration != nil, until != nil {
      throw ValidationError("--for and --until say the same thing; give one of them.")
    }
  }
}
