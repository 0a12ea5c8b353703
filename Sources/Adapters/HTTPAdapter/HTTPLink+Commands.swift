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
      case .wait(let duration): steps.append(.wait(duration))
      case .writeRegisters, .writeCoil, .publish:
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
    if let fault = await perform(errand.steps[errand.position], position: errand.position, of: index) {
      finishErrand(of: index, .failure(fault))
      return
    }
    agenda.endpoints[index].errands[0].position += 1
    // A wait at the end is waited too: the device needs it before the next command.
    let isWaiting = agenda.endpoints[index].errands[0].notBefore > time.monotonic()
    if errand.position + 1 == errand.steps.count, !isWaiting { finishErrand(of: index, .success(())) }
  }

  private func perform(_ step: HTTPEndpoint.Errand.Step, position: Int, of index: Int) async -> CommandFault? {
    let endpoint = agenda.endpoints[index]
    switch step {
    case .wait(let duration):
      agenda.endpoints[index].errands[0].notBefore = time.monotonic() + duration
      return nil
    case .request, .poll:
      if time.monotonic() < endpoint.holdUntil {
        return fault(.notSent, "not sent, because of \(endpoint.holdReason)", position: position)
      }
    }
    switch step {
    case .wait: return nil
    case .poll(let request):
      agenda.endpoints[index].pending.removeAll { $0 == request }
      guard let failure = await poll(request, of: index) else { return nil }
      return fault(
        failure.faultKind, "request \(endpoint.requests[request].name): \(failure.message)", position: position)
    case .request(let data):
      do throws(HTTPFailure) {
        _ = try await exchange(data, of: index, isPoll: false)
        return nil
      } catch {
        // The query is left out, it may be long and hold codes.
        let path = data.path.split(separator: "?", maxSplits: 1).first ?? ""
        return fault(
          error.faultKind, endpoint.redact("\(data.method) \(path): \(error.message)"), position: position)
      }
    }
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
