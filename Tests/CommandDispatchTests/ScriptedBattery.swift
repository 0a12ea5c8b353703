import AdapterKit
import DeviceProfiles
import EnergyModel
import LocatedYAML
import Synchronization
import TestSupport

/// A battery with a register memory and moods, reached through the adapter contract. Decoding and encoding are the real
/// ones; only the wire is missing.
final class ScriptedBattery: Adapter {
  enum Mood: Sendable {
    /// Does what is written.
    case obedient
    /// Acknowledges and does nothing.
    case ignoring
    /// Takes the mode and not the setpoint.
    case halfApplying
    /// Answers with an exception.
    case refusing
    /// Does it, but the answer is lost.
    case silentAfterDoing
    /// The link is down.
    case unreachable
  }

  struct State {
    var decoder: EndpointDecoder
    var registers: [UInt16: UInt16] = [0: 50, 1: 0, 2: 5000, 10: 0, 11: 0, 12: 10]
    var mood = Mood.obedient
    /// Every write that reached the device, in order.
    var written: [String] = []
    var onWrite: (@Sendable () -> Void)?
  }

  let state: Mutex<State>
  let clock: TestClock
  let bound: BoundProfile

  init(clock: TestClock) throws {
    let (profile, diagnostics) = ProfileReader.read(text: Self.profileText, file: "scripted.yaml")
    guard let profile else { throw ScriptError(text: diagnostics.map(\.oneLine).joined(separator: "\n")) }
    bound = try BoundProfile(profile: profile, parameters: [:])
    self.clock = clock
    state = Mutex(State(decoder: EndpointDecoder(bound)))
    decodeAll()
  }

  struct ScriptError: Error { var text: String }

  static let endpoint = EndpointID("scripted")

  func set(_ mood: Mood) { state.withLock { $0.mood = mood } }
  func register(_ address: UInt16) -> UInt16? { state.withLock { $0.registers[address] } }
  func setRegister(_ address: UInt16, _ value: UInt16) { state.withLock { $0.registers[address] = value } }
  var written: [String] { state.withLock { $0.written } }

  // MARK: Adapter

  func start() async {}
  func stop() async {}
  func statistics() async -> LinkStatistics { LinkStatistics() }

  func snapshot(of endpoint: EndpointID) async throws(CommandFault) -> EndpointSnapshot {
    state.withLock { $0.decoder.snapshot() }
  }

  func refresh(_ endpoint: EndpointID) async throws(CommandFault) {
    if state.withLock({ $0.mood == .unreachable }) {
      throw CommandFault(kind: .notSent, message: "the link is down")
    }
    decodeAll()
  }

  /// What a real adapter does all the time.
  func poll() {
    if state.withLock({ $0.mood }) != .unreachable { decodeAll() }
  }

  func execute(_ operations: [WireOperation], on endpoint: EndpointID) async throws(CommandFault) {
    for operation in operations {
      switch state.withLock({ $0.mood }) {
      case .unreachable: throw CommandFault(kind: .notSent, message: "the link is down")
      case .refusing: throw CommandFault(kind: .refused, message: "\(operation): exception 3 (illegal data value)")
      case .ignoring: note(operation)
      case .obedient, .halfApplying: apply(operation)
      case .silentAfterDoing:
        apply(operation)
        throw CommandFault(kind: .timeout, message: "\(operation): no answer within 1 s")
      }
    }
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
    guard case .writeRegisters(_, let address, let values, _) = operation else { return }
    state.withLock { state in
      for (offset, value) in values.enumerated() where state.mood != .halfApplying || address + UInt16(offset) == 10 {
        state.registers[address + UInt16(offset)] = value
      }
      // The physics: the battery does at once what its mode says.
      let setpoint = state.registers[11] ?? 0
      state.registers[1] = state.registers[10] == 1 ? setpoint : 0
    }
    // A real adapter polls all the time; here the next poll comes at once.
    decodeAll()
  }

  private func decodeAll() {
    state.withLock { state in
      var batch = ReadingBatch()
      for address in state.registers.keys.sorted() {
        let body = RawFrame.Body.registers(
          table: .holding, address: address, values: [state.registers[address] ?? 0])
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
