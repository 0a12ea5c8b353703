public import AdapterKit
public import DeviceProfiles
import EnergyModel
import TimeSource

extension HTTPLink {
  /// Polls the endpoint's fast and normal requests before anything else.
  public func refresh(_ endpoint: EndpointID) async throws(CommandFault) {
    let index = try index(of: endpoint)
    let polls = agenda.endpoints[index].requests.indices.filter {
      let pollClass = agenda.endpoints[index].requests[$0].pollClass
      return pollClass == .fast || pollClass == .normal
    }
    try await run(polls.map { .poll($0) }, on: index)
  }

  /// Sends requests one after the other, with the waits between them.
  public func execute(_ operations: [WireOperation], on endpoint: EndpointID) async throws(CommandFault) {
    let index = try index(of: endpoint)
    var steps: [HTTPEndpoint.Errand.Step] = []
    for operation in operations {
      switch operation {
      case .request(let data): steps.append(.request(data))
      case .modify(let modification): steps.append(.modify(modification))
      case .wait(let duration): steps.append(.wait(duration))
      case .writeRegisters, .writeCoil, .modifyRegister, .publish:
        throw CommandFault(
          kind: .notSent, message: agenda.endpoints[index].redact("'\(operation)' cannot be sent over HTTP"))
      }
    }
    try await run(steps, on: index)
  }

  private func run(_ steps: [HTTPEndpoint.Errand.Step], on index: Int) async throws(CommandFault) {
    guard !isStopping, exchanger != nil else {
      throw CommandFault(kind: .notSent, message: "the link to \(configuration.origin) does not run")
    }
    guard !steps.isEmpty else { return }
    guard agenda.endpoints[index].errands.count < HTTPEndpoint.errandLimit else {
      throw CommandFault(
        kind: .notSent,
        message: "\(HTTPEndpoint.errandLimit) commands already wait for \(agenda.endpoints[index].id)")
    }
    let now = time.monotonic()
    let result = await withCheckedContinuation { completion in
      agenda.endpoints[index].errands.append(
        HTTPEndpoint.Errand(steps: steps, notBefore: now, completion: completion))
      wake()
    }
    try result.get()
  }

  /// Does the next step of the endpoint's first errand, and ends the errand after its last step or a failure.
  func advanceErrand(of index: Int) async {
    guard let errand = agenda.endpoints[index].errands.first else { return }
    guard errand.position < errand.steps.count else {
      finishErrand(of: index, .success(()))
      return
    }
    switch await perform(errand.steps[errand.position], position: errand.position, of: index) {
    case .done: break
    case .again: return
    case .failed(let fault):
      finishErrand(of: index, .failure(fault))
      return
    }
    agenda.endpoints[index].errands[0].position += 1
    // A wait at the end is waited too: the device needs it before the next command.
    let isWaiting = agenda.endpoints[index].errands[0].notBefore > time.monotonic()
    if errand.position + 1 == errand.steps.count, !isWaiting { finishErrand(of: index, .success(())) }
  }

  /// How a step went.
  private enum Outcome {
    case done
    /// Nothing was carried out, because the session has ended; a login comes first, then the same step.
    case again
    case failed(CommandFault)
  }

  private func perform(_ step: HTTPEndpoint.Errand.Step, position: Int, of index: Int) async -> Outcome {
    let endpoint = agenda.endpoints[index]
    if case .wait(let duration) = step {
      agenda.endpoints[index].errands[0].notBefore = time.monotonic() + duration
      return .done
    }
    let now = time.monotonic()
    if now < endpoint.holdUntil {
      return .failed(fault(.notSent, "not sent, because of \(endpoint.holdReason)", position: position))
    }
    if endpoint.isQuotaSpent(now: now) {
      return .failed(fault(.notSent, "not sent, because the vendor's quota is used up for now", position: position))
    }
    do throws(HTTPFailure) {
      switch step {
      case .wait: break
      case .poll(let request):
        agenda.endpoints[index].pending.removeAll { $0 == request }
        if let failure = await poll(request, of: index) { throw failure }
      case .request(let data): _ = try await exchange(data, of: index, isPoll: false)
      case .modify(let modification): try await modify(modification, of: index)
      }
      return .done
    } catch {
      if error.kind == .sessionEnded { return .again }
      return .failed(
        fault(error.faultKind, endpoint.redact("\(name(of: step, endpoint)): \(error.message)"), position: position))
    }
  }

  /// Reads an object, changes it and sends it back. Nothing else is sent to the device in between.
  private func modify(_ modification: HTTPModification, of index: Int) async throws(HTTPFailure) {
    let answer = try await exchange(modification.read, of: index, isPoll: true)
    let request: HTTPRequestData
    do throws(EncodingError) {
      request = try modification.request(from: answer.body)
    } catch {
      // Nothing was written, and the device answered something that cannot be written back.
      throw HTTPFailure(kind: .refused(answer.status), message: error.message)
    }
    do {
      // The pause that the device wants between two requests.
      try await time.sleepUntil(agenda.quietUntil)
    } catch {
      throw HTTPFailure(kind: .stopped, message: "the link was stopped")
    }
    _ = try await exchange(request, of: index, isPoll: false)
  }

  private func name(of step: HTTPEndpoint.Errand.Step, _ endpoint: HTTPEndpoint) -> String {
    switch step {
    case .wait: return "wait"
    case .poll(let request): return "request \(endpoint.requests[request].name)"
    case .request(let data): return Self.name(of: data)
    case .modify(let modification): return Self.name(of: modification.write)
    }
  }

  /// The query is left out, it may be long and hold codes.
  private static func name(of data: HTTPRequestData) -> String {
    "\(data.method) \(data.path.split(separator: "?", maxSplits: 1).first ?? "")"
  }

  /// After a step that worked, "not sent" would be wrong for the whole.
  private func fault(_ kind: CommandFault.Kind, _ message: String, position: Int) -> CommandFault {
    guard kind == .notSent, position > 0 else { return CommandFault(kind: kind, message: message) }
    return CommandFault(kind: .brokenOff, message: "\(message) (the steps before were carried out)")
  }

  func stoppedFault(_ index: Int) -> CommandFault {
    let begun = agenda.endpoints[index].errands.first.map { $0.position > 0 } ?? false
    return CommandFault(
      kind: begun ? .brokenOff : .notSent, message: "the link to \(configuration.origin) was stopped")
  }

  func finishErrand(of index: Int, _ result: Result<Void, CommandFault>) {
    agenda.endpoints[index].errands.removeFirst().completion.resume(returning: result)
  }
}
