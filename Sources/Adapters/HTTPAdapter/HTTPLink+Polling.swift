import AdapterKit
import DeviceProfiles
import EnergyModel
import Logging
import TimeSource

extension HTTPLink {
  /// Sends a polled request, decodes its answer and delivers it; returns why not, if not.
  func poll(_ request: Int, of index: Int) async -> HTTPFailure? {
    let (name, data, _) = agenda.endpoints[index].requests[request]
    do throws(HTTPFailure) {
      let answer = try await exchange(data, of: index, isPoll: true)
      guard !isStopping else { return HTTPFailure(kind: .stopped, message: "the link was stopped") }
      let frame = RawFrame(body: .response(request: name, body: answer.body), receivedAt: time.wall())
      sink.received(frame, from: agenda.endpoints[index].id)
      agenda.endpoints[index].decoder.decode(frame, into: &batch)
      defer { batch.removeAll() }
      if !batch.isEmpty { sink.accept(batch, from: agenda.endpoints[index].id) }
      if let problem = batch.problems.first { throw decodingFailure(problem, answer, request: name, of: index) }
      let change = agenda.endpoints[index].succeeded(
        request, now: time.monotonic(), wall: time.wall(), random: random)
      report(change, of: index)
      return nil
    } catch {
      guard !isStopping, error.kind != .stopped else { return error }
      guard error.kind != .sessionEnded else {
        // Nothing is wrong with the device: the same comes first again, behind a login.
        agenda.endpoints[index].pending.insert(request, at: 0)
        return error
      }
      note(error, request: request, of: index)
      return error
    }
  }

  /// A device whose document lacks something was heard and is degraded; anything else was not understood.
  private func decodingFailure(
    _ problem: String, _ answer: HTTPAnswer, request name: String, of index: Int
  ) -> HTTPFailure {
    let prefix = "request \(name): "
    let text = problem.hasPrefix(prefix) ? String(problem.dropFirst(prefix.count)) : problem
    let format = agenda.endpoints[index].requests.first { $0.name == name }?.request.format ?? .json
    let isReadable = (try? JSONDocument(parsing: format.json(from: answer.body))) != nil
    count(isReadable ? "incomplete" : "not understood")
    return HTTPFailure(
      kind: isReadable ? .refused(answer.status) : .notUnderstood,
      message: presentable(text, agenda.endpoints[index].redact))
  }

  private func note(_ failure: HTTPFailure, request: Int, of index: Int) {
    let now = time.monotonic()
    let wall = time.wall()
    let change = agenda.endpoints[index].failed(request, failure, now: now, wall: wall, random: random)
    report(change, of: index)
    log(failure, of: index, request: agenda.endpoints[index].requests[request].name, now: now)
    guard failure.kind == .unreachable else { return }
    agenda.connectionFailed(now: now, random: random)
    // Nobody behind this host can be reached, so nobody else needs to find out alone.
    for other in agenda.endpoints.indices where other != index {
      report(
        agenda.endpoints[other].health.note(.unreachable(failure.message), now: now, wall: wall, random: random),
        of: other)
    }
  }

  /// Passes a change of connectivity on; the recovery is worth a line in the log.
  func report(_ change: Connectivity?, of index: Int) {
    if agenda.endpoints[index].health.connectivity.state == .online,
      agenda.endpoints[index].log.success(now: time.monotonic())
    {
      logger.notice("works again", metadata: ["device": "\(agenda.endpoints[index].id)"])
    }
    if let change { sink.connectivityChanged(change, of: agenda.endpoints[index].id) }
  }

  private func log(_ failure: HTTPFailure, of index: Int, request: String, now: Duration) {
    let reason = failure.kind == .unreachable ? failure.message : "request \(request): \(failure.message)"
    guard let line = agenda.endpoints[index].log.failure(reason, now: now) else { return }
    logger.warning("\(line.text)", metadata: ["device": "\(agenda.endpoints[index].id)"])
  }
}
