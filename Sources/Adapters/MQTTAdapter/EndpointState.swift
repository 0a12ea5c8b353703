internal import AdapterKit
internal import DeviceProfiles
internal import EnergyModel

/// What a link knows about one device behind it.
struct EndpointState {
  let id: EndpointID
  var decoder: EndpointDecoder
  var health: EndpointHealth
  var failureLog = FailureLog()
  /// Topics and payloads may have secrets of the installation in them, and devices may repeat them.
  let redact: SecretRedaction
  /// How long silence may last; `nil`: silence says nothing.
  let silentAfter: Duration?
  /// Monotonic time of the last sign of life, or of the connection.
  var lastHeard: Duration = .zero
  /// The topics on which the device said (usually by its last will) that it is gone. They outweigh messages that still
  /// come.
  var announcedLeaves: Set<Int> = []
  var hasAnnouncedLeave: Bool { !announcedLeaves.isEmpty }
  /// Kept over a reconnect, which starts `health` anew.
  var lastSeenAt: Timestamp?
  /// The messages that ask for its state, and when the next one is due.
  var requests: [StateRequest]

  /// A message that asks for state, sent at an interval.
  struct StateRequest {
    /// Its place among those of the profile.
    let index: Int
    let interval: Duration
    var due: Duration
  }

  /// No profile can make the link flood a broker with requests.
  static let shortestRequestInterval: Duration = .milliseconds(100)
  /// How often it is looked whether a request can be sent that needs to know more of the device.
  static let openRequestInterval: Duration = .seconds(1)

  init(_ specification: EndpointSpecification, wall: Timestamp) {
    id = specification.id
    decoder = EndpointDecoder(specification.profile)
    health = EndpointHealth(wall: wall)
    redact = SecretRedaction(specification.profile)
    if case .mqtt(let settings) = specification.profile.profile.transport {
      silentAfter = settings.silentAfter
    } else {
      silentAfter = nil
    }
    requests = specification.profile.polledPublishes.enumerated().map { index, request in
      StateRequest(index: index, interval: max(request.every, Self.shortestRequestInterval), due: .zero)
    }
  }

  /// When the device counts as silent; `nil` if it never does, or does already.
  var silenceDeadline: Duration? {
    health.connectivity.state == .offline ? nil : silentAfter.map { lastHeard + $0 }
  }

  /// The next time at which something has to be done for it.
  var nextDeadline: Duration? {
    ([silenceDeadline] + requests.map { Optional($0.due) }).compactMap(\.self).min()
  }
}

// What is asked for every message changes nothing, and is `mutating` all the same: only so it happens in place. A copy
// counts a reference for each part of the decoder, which costs more than what is asked.
extension EndpointState {
  /// Whether a topic is one on which the device comes and goes.
  mutating func isAnnouncement(_ topic: String) -> Bool { decoder.isAvailability(topic: topic) }

  /// When the device counts as silent; `nil` if it never does, or does already.
  mutating func expectSilence() -> Duration? { silenceDeadline }
}
