public import AdapterKit
public import DeviceProfiles
import EnergyModel
public import Logging
public import PinnedThread
import Synchronization
public import TimeSource

/// One Modbus bus: a serial line or a TCP connection, with the units behind it.
///
/// One request is under way at a time: all requests are made by one loop, which waits for each of them. Commands go
/// before polls; of the polls the one goes first that is due for the longest time. A unit that does not answer backs off
/// alone.
public actor ModbusLink: Adapter {
  /// The time that `stop` takes at most, whatever the peer does.
  public static let stopLimit = Duration.milliseconds(1500)
  /// Commands and refreshes that may wait for the bus.
  public static let jobLimit = 64

  /// Runs all of this actor.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  nonisolated let configuration: ModbusLinkConfiguration
  nonisolated let executor: BusExecutor
  nonisolated let gate = LinkGate()
  nonisolated let counters: Mutex<LinkCounters>
  /// How long answers take, of all devices and of each.
  nonisolated let responses = DurationHistogram()
  nonisolated let meters: [EndpointMeter]
  nonisolated let time: TimeSource
  let sink: any AdapterSink
  let random: RandomSource
  let logger: Logger

  var endpoints: [ModbusEndpoint]
  var jobs: [LinkJob] = []
  var connection: (any ModbusConnection)?
  var isConnected = false
  var connectedAt = Duration.zero
  var lastExchangeEnd = Duration.zero
  var backOff = BackOff()
  var nextConnect = Duration.zero
  var linkFailures = FailureLog()
  var lastLinkError: String?
  /// Filled by a decoder, emptied by the sink.
  var batch = ReadingBatch()
  private let alarm = Alarm()

  /// A link that does nothing before `start`.
  ///
  /// - Parameter endpoints: devices with a Modbus profile; others are ignored.
  /// - Parameter loops: where a link over a network runs; a serial line has a thread of its own, because its calls block.
  /// - Parameter random: 0 to 1, for jitter.
  /// Throws if the process may not have another thread.
  public init(
    configuration: ModbusLinkConfiguration, endpoints: [EndpointSpecification], loops: SocketLoops,
    sink: any AdapterSink, time: TimeSource, random: @escaping RandomSource, logger: Logger
  ) throws(PinnedThreadError) {
    self.configuration = configuration
    self.sink = sink
    self.time = time
    self.random = random
    var logger = logger
    logger[metadataKey: "link"] = "\(configuration.name)"
    self.logger = logger
    executor = try BusExecutor(configuration, loops)
    let now = time.monotonic()
    let wall = time.wall()
    counters = Mutex(LinkCounters(start: now))
    self.endpoints = endpoints.compactMap { specification in
      guard case .modbus(let settings) = specification.profile.profile.transport else { return nil }
      return ModbusEndpoint(
        specification, settings: settings, meter: EndpointMeter(specification.id), now: now, wall: wall)
    }
    meters = self.endpoints.map(\.meter)
  }

  /// Begins to connect and to poll.
  public func start() async {
    guard gate.beginLoop() else { return }
    Task(executorPreference: executor.forTasks) { await self.run() }
  }

  /// Ends within `stopLimit`. A call into the system that cannot be interrupted (looking up a name, a serial line) may
  /// end later, unseen.
  public nonisolated func stop() async {
    gate.close()
    Task { await wake() }
    await gate.untilLoopEnded(atMost: ModbusLink.stopLimit, time: time)
  }

  /// What the endpoint's decoder knows now.
  public func snapshot(of endpoint: EndpointID) async throws(CommandFault) -> EndpointSnapshot {
    endpoints[try index(of: endpoint)].decoder.snapshot()
  }

  /// Reads the fast and the normal points of the endpoint now.
  public func refresh(_ endpoint: EndpointID) async throws(CommandFault) {
    let index = try usableIndex(of: endpoint)
    try await enqueue(.refresh(endpoints[index].refreshReads(at: time.monotonic())), for: index)
  }

  /// Writes in order and stops at the first failure.
  public func execute(_ operations: [WireOperation], on endpoint: EndpointID) async throws(CommandFault) {
    for operation in operations { try check(operation) }
    try await enqueue(.write(operations), for: try usableIndex(of: endpoint))
  }

  /// Counters; never waits for the bus.
  public nonisolated func statistics() async -> LinkStatistics {
    let now = time.monotonic()
    var statistics = counters.withLock { $0.statistics(at: now) }
    statistics.response = Percentiles(responses)
    statistics.endpoints = meters.map(\.statistics)
    return statistics
  }

  private func enqueue(_ work: LinkJob.Work, for index: Int) async throws(CommandFault) {
    guard gate.isOpen else { throw CommandFault(kind: .notSent, message: "link \(configuration.name) was stopped") }
    guard jobs.count < ModbusLink.jobLimit else {
      throw CommandFault(
        kind: .notSent, message: "link \(configuration.name): \(jobs.count) commands are waiting already")
    }
    let fault = await withCheckedContinuation { continuation in
      jobs.append(LinkJob(endpoint: index, work: work, continuation: continuation))
      wake()
    }
    if let fault { throw fault }
  }

  private func index(of endpoint: EndpointID) throws(CommandFault) -> Int {
    guard let index = endpoints.firstIndex(where: { $0.id == endpoint }) else {
      throw CommandFault(kind: .notSent, message: "link \(configuration.name) has no device \(endpoint)")
    }
    return index
  }

  private func usableIndex(of endpoint: EndpointID) throws(CommandFault) -> Int {
    let index = try index(of: endpoint)
    if let obstacle = endpoints[index].obstacle {
      throw CommandFault(kind: .notSent, message: "\(endpoint) cannot be reached: \(obstacle)")
    }
    return index
  }

  private func check(_ operation: WireOperation) throws(CommandFault) {
    switch operation {
    case .writeRegisters, .writeCoil, .modifyRegister:
      do throws(ModbusFailure) { _ = try operation.modbusRequest(after: 0)?.encoded() } catch {
        throw CommandFault(kind: .notSent, message: "\(operation): \(error.reason)")
      }
    case .wait: return
    case .publish, .request, .modify:
      throw CommandFault(kind: .notSent, message: "\(operation): not possible on a Modbus link")
    }
  }

  /// Lets the loop look again.
  func wake() { alarm.ring() }

  /// Suspends until a time, or until something new is there. A thread of its own is blocked by it, until somebody calls the
  /// link.
  func wait(until deadline: Duration?) async {
    if time.isRealTime, case .thread(let thread) = executor {
      return thread.waitForJob(atMost: deadline.map { $0 - time.monotonic() })
    }
    let cancel = deadline.map { wake(at: $0) }
    await withCheckedContinuation { alarm.waiter = $0 }
    cancel?()
  }

  /// Lets the loop look again at a time.
  ///
  /// - Returns: what cancels it.
  private func wake(at deadline: Duration) -> () -> Void {
    if time.isRealTime, case .loop(let executor) = executor {
      // A task that sleeps would cost three changes of threads.
      return LoopTimer(after: deadline - time.monotonic(), on: executor.loop, alarm.ring).cancel
    }
    let timer = Task {
      try? await time.sleepUntil(deadline)
      if !Task.isCancelled { wake() }
    }
    return timer.cancel
  }
}

/// Ends the wait of a link. Belongs to its executor.
private final class Alarm {
  var waiter: CheckedContinuation<Void, Never>?

  func ring() {
    waiter?.resume()
    waiter = nil
  }
}

extension WireOperation {
  /// The unit that it is for, where it is not the endpoint's own.
  var otherUnit: UInt8? {
    switch self {
    case .writeRegisters(let unit, _, _, _), .writeCoil(let unit, _, _), .modifyRegister(let unit, _, _, _, _): unit
    case .wait, .publish, .request, .modify: nil
    }
  }

  /// What has to be read before it can be written; `nil` where it is complete.
  var registerToRead: RegisterRange? {
    guard case .modifyRegister(let unit, let address, _, _, let function) = self, function != .maskWrite else {
      return nil
    }
    return RegisterRange(unit: unit, table: .holding, address: address, count: 1)
  }

  /// The request that it is on a Modbus bus.
  ///
  /// - Parameter present: what stands in the register of which some bits are changed.
  func modbusRequest(after present: UInt16) -> ModbusRequest? {
    switch self {
    case .writeRegisters(_, let address, let values, let function):
      .writeRegisters(address: address, values: values, function: function)
    case .writeCoil(_, let address, let value): .writeCoil(address: address, value: value)
    case .modifyRegister(_, let address, let mask, let value, .maskWrite):
      .maskWrite(address: address, and: ~mask, or: value & mask)
    case .modifyRegister(_, let address, let mask, let value, let function):
      .writeRegisters(address: address, values: [present & ~mask | value & mask], function: function)
    case .wait, .publish, .request, .modify: nil
    }
  }
}
