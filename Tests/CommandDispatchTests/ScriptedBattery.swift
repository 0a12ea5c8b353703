import AdapterKit
import DeviceProfiles
import EnergyModel
import LocatedYAML
import Synchronization
import TestSupport
import TimeSource

/// A battery with a register memory and moods, reached through the adapter contract. Decoding and encoding are the real
/// ones; only the wire is missing.
final class ScriptedBattery: Adapter {
  enum Mood: Sendable {
    /// Does what is written.
    case obedient
    /// Acknowledges and does nothing.
    case ignoring
    /// Answers with an exception.
    case refusing
    /// Does it, but the answer is lost.
    case silentAfterDoing
    /// The link is down.
    case unreachable
    /// The link is up, but nothing comes back and nothing is done.
    case deaf
    /// Takes the mode and not the setpoint.
    case halfApplying
    /// Acknowledges at once and does it later.
    case late(Duration)
    /// Does it, and answers after a time; after more than `answerLimit` nobody waits for the answer any more.
    case slow(Duration)
    /// Does it, and drops it after a time.
    case forgetful(Duration)
  }

  /// How long an adapter waits for an answer.
  static let answerLimit = Duration.seconds(3)

  /// What the battery will do by itself.
  enum Event: Sendable {
    case write(WireOperation), forget, startAgain

    var isWrite: Bool { if case .write = self { true } else { false } }
  }

  /// What it did at a time, on the monotonic clock.
  struct Moment: Sendable {
    var at: Duration
    var mode: UInt16
    var powerW: UInt16
    var reserve: UInt16
    var soc: UInt16
  }

  struct State {
    var decoder: EndpointDecoder
    var registers: [UInt16: UInt16] = [0: 50, 1: 0, 2: 5000, 10: 0, 11: 0, 12: 10]
    var mood = Mood.obedient
    var timeInRefreshes = Duration.zero
    /// Every write that reached the device, in order.
    var written: [String] = []
    var onWrite: (@Sendable () -> Void)?
    var coming: [(at: Duration, event: Event)] = []
    /// Since when it does what, oldest first.
    var past: [Moment] = []
    /// When it was read last.
    var readAt: Duration?
  }

  let state: Mutex<State>
  let clock: TestClock
  let bound: BoundProfile

  init(clock: TestClock) throws {
    bound = try Self.profile.get()
    self.clock = clock
    state = Mutex(State(decoder: EndpointDecoder(bound)))
    state.withLock { remember(&$0) }
    decodeAll()
  }

  /// Read once for all.
  private static let profile = Result {
    let (profile, diagnostics) = ProfileReader.read(text: profileText, file: "scripted.yaml")
    guard let profile else { throw ScriptError(text: diagnostics.map(\.oneLine).joined(separator: "\n")) }
    return try BoundProfile(profile: profile, parameters: [:])
  }

  struct ScriptError: Error { var text: String }

  static let endpoint = EndpointID("scripted")

  func set(_ mood: Mood) {
    state.withLock { state in
      // What it took before comes before what follows.
      catchUp(&state)
      state.mood = mood
    }
  }

  func register(_ address: UInt16) -> UInt16? { state.withLock { $0.registers[address] } }
  func setRegister(_ address: UInt16, _ value: UInt16) {
    state.withLock { state in
      state.registers[address] = value
      remember(&state)
    }
  }
  var written: [String] { state.withLock { $0.written } }

  // MARK: Adapter

  func start() async {}
  func stop() async {}
  func statistics() async -> LinkStatistics { LinkStatistics() }

  func snapshot(of endpoint: EndpointID) async throws(CommandFault) -> EndpointSnapshot {
    state.withLock { $0.decoder.snapshot() }
  }

  /// How long reads took that somebody asked for.
  var timeInRefreshes: Duration { state.withLock { $0.timeInRefreshes } }

  func refresh(_ endpoint: EndpointID) async throws(CommandFault) {
    switch state.withLock({ $0.mood }) {
    case .unreachable: throw CommandFault(kind: .notSent, message: "the link is down")
    case .deaf: throw CommandFault(kind: .timeout, message: "no answer within 3 s")
    case .slow(let time):
      let began = clock.monotonic
      defer { state.withLock { $0.timeInRefreshes += clock.monotonic - began } }
      try await answer(after: time)
    default: break
    }
    decodeAll()
  }

  func execute(_ operations: [WireOperation], on endpoint: EndpointID) async throws(CommandFault) {
    for operation in operations {
      switch state.withLock({ $0.mood }) {
      case .unreachable: throw CommandFault(kind: .notSent, message: "the link is down")
      case .refusing: throw CommandFault(kind: .refused, message: "\(operation): exception 3 (illegal data value)")
      case .deaf:
        note(operation)
        throw CommandFault(kind: .timeout, message: "\(operation): no answer within 3 s")
      case .ignoring: note(operation)
      case .obedient: apply(operation)
      case .halfApplying:
        if operation.write?.address == 10 { apply(operation) } else { note(operation) }
      case .late(let time):
        note(operation)
        expect(.write(operation), in: time)
      case .slow(let time):
        note(operation)
        expect(.write(operation), in: time)
        try await answer(after: time)
      case .forgetful(let time):
        apply(operation)
        expect(.forget, in: time)
      case .silentAfterDoing:
        apply(operation)
        throw CommandFault(kind: .timeout, message: "\(operation): no answer within 1 s")
      }
    }
  }

  private func answer(after time: Duration) async throws(CommandFault) {
    let waits = (try? await clock.source.sleep(for: min(time, Self.answerLimit))) != nil
    guard waits, time <= Self.answerLimit else {
      throw CommandFault(kind: .timeout, message: "no answer within 3 s")
    }
    happen()
  }

  // MARK: What it does by itself

  /// Makes something happen later, whether a gateway runs or not.
  func expect(_ event: Event, in time: Duration) {
    state.withLock { state in
      var at = clock.monotonic + time
      // A device does things late, but in their order.
      if case .write = event { at = max(at, state.coming.filter(\.event.isWrite).map(\.at).max() ?? at) }
      state.coming.append((at, event))
    }
  }

  /// When something happens next.
  var nextEvent: Duration? { state.withLock { $0.coming.map(\.at).min() } }

  /// Lets everything happen whose time has come.
  func happen() {
    let now = clock.monotonic
    state.withLock { state in
      let due = state.coming.filter { $0.at <= now }.sorted { $0.at < $1.at }
      state.coming.removeAll { $0.at <= now }
      for (_, event) in due {
        switch event {
        case .write(let operation): Self.write(operation, to: &state.registers)
        case .forget: Self.change(10, to: 0, in: &state.registers)
        case .startAgain:
          state.registers.merge([10: 0, 11: 0, 12: 10]) { $1 }
          Self.change(10, to: 0, in: &state.registers)
          state.mood = .obedient
        }
        remember(&state)
      }
    }
  }

  /// Starts again: forgets what it was told and is not reached meanwhile.
  func startAgain(in time: Duration) {
    set(.unreachable)
    state.withLock { $0.coming.removeAll(where: \.event.isWrite) }
    expect(.startAgain, in: time)
  }

  /// Whether somebody who asks gets an answer.
  var answers: Bool {
    state.withLock { state in
      switch state.mood {
      case .unreachable, .deaf: false
      default: true
      }
    }
  }

  /// What a real adapter does all the time.
  func poll() {
    if answers { decodeAll() }
  }

  /// Reads what was not read for a second.
  func pollIfDue() {
    let now = clock.monotonic
    guard answers, state.withLock({ $0.readAt.map { now - $0 >= .seconds(1) } ?? true }) else { return }
    decodeAll()
  }

  /// A new adapter has not read anything yet.
  func forgetReadings() {
    state.withLock { state in
      state.decoder = EndpointDecoder(bound)
      state.readAt = nil
    }
  }

  /// What it did from a time on until now.
  func past(since time: Duration) -> [Moment] {
    state.withLock { state in
      let first = state.past.lastIndex { $0.at <= time } ?? 0
      return Array(state.past[first...])
    }
  }

  /// Does at once what it was to do later.
  private func catchUp(_ state: inout State) {
    guard state.coming.contains(where: \.event.isWrite) else { return }
    for case (_, .write(let earlier)) in state.coming { Self.write(earlier, to: &state.registers) }
    state.coming.removeAll(where: \.event.isWrite)
    remember(&state)
  }

  private func remember(_ state: inout State) {
    state.past.append(
      Moment(
        at: clock.monotonic, mode: state.registers[10] ?? 0, powerW: state.registers[1] ?? 0,
        reserve: state.registers[12] ?? 0, soc: state.registers[0] ?? 0))
  }

  private func note(_ operation: WireOperation) {
    let hook = state.withLock { state in
      state.written.append(operation.description)
      return state.onWrite
    }
    hook?()
  }

  private func apply(_ operation: WireOperation) {
    note(operation)
    state.withLock { state in
      catchUp(&state)
      Self.write(operation, to: &state.registers)
      remember(&state)
    }
    // A real adapter polls all the time; here the next poll comes at once.
    decodeAll()
  }

  private static func write(_ operation: WireOperation, to registers: inout [UInt16: UInt16]) {
    guard case .writeRegisters(_, let address, let values, _) = operation else { return }
    for (offset, value) in values.enumerated() { change(address + UInt16(offset), to: value, in: &registers) }
  }

  /// The physics: the battery does at once what its mode says.
  private static func change(_ address: UInt16, to value: UInt16, in registers: inout [UInt16: UInt16]) {
    registers[address] = value
    registers[1] = registers[10] == 1 ? registers[11] ?? 0 : 0
  }

  private func decodeAll() {
    state.withLock { state in
      state.readAt = clock.monotonic
      var batch = ReadingBatch()
      for first: UInt16 in [0, 10] {
        let values = (first..<first + 3).map { state.registers[$0] ?? 0 }
        let body = RawFrame.Body.registers(table: .holding, address: first, values: values)
        state.decoder.decode(RawFrame(body: body, receivedAt: clock.now), into: &batch)
      }
    }
  }

  static let profileText = """
    schema: heddle.profile/1
    id: scripted-battery
    name: Scripted battery
    manufacturer: Nobody
    products: [Scripted]
    maturity: documentation
    source: {document: this test}
    transport: {modbus: {unit: 1}}
    poll: {fast: 1 s, normal: 2 s, slow: 1 min}
    devices:
      battery:
        type: battery
        staleAfter: 10 s
        points:
          socPercent: {holding: 0, type: u16}
          powerW: {holding: 1, type: i16, negate: true, poll: fast}
          maxChargePowerW: {holding: 2, type: u16, poll: slow}
          reservePercent: {holding: 12, type: u16}
        controls:
          mode: {holding: 10, type: u16, range: 0..2, poll: fast}
          setpointW: {holding: 11, type: u16, range: 0..6000}
          reserve: {holding: 12, type: u16, range: 0..100, poll: normal}
        commands:
          charge:
            summary: Charge at a power
            input:
              powerW: {min: 100, max: maxChargePowerW, default: maxChargePowerW}
            requires:
              - {expect: "socPercent < 100", message: the battery is full}
            steps:
              - write: {setpointW: input.powerW}
              - write: {mode: 1}
            confirm: {expect: "mode == 1 and powerW < -0.8 * input.powerW", within: 10 s, settle: 0 s}
            keepAlive: {timeout: 60 s}
            revert: default
            storage: ram
          set-reserve:
            input: {reservePercent: {min: 0, max: 100}}
            steps: [{write: {reserve: input.reservePercent}}]
            confirm: {expect: "reservePercent == input.reservePercent", within: 10 s}
            revert: none
            storage: nvm
        default:
          steps: [{write: {mode: 0}}]
          confirm: {expect: "mode == 0", within: 10 s}
    """
}

extension WireOperation {
  /// The register of a scripted battery that it writes, and what to.
  var write: (address: UInt16, value: UInt16)? {
    guard case .writeRegisters(_, let address, let values, _) = self, let value = values.first else { return nil }
    return (address, value)
  }
}
