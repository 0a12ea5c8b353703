import AdapterKit
import DeviceProfiles
import EnergyModel
import Logging
import TimeSource

extension HTTPLink {
  /// How long the end of a session may take while everything stops.
  static let logoutTimeout: Duration = .seconds(3)

  /// Opens or renews the session with a device. One at a time, because a link does one thing at a time.
  func logIn(_ index: Int) async {
    guard let stage = agenda.endpoints[index].session?.due(now: time.monotonic()),
      let steps = agenda.endpoints[index].session?.steps(stage)
    else { return }
    agenda.endpoints[index].session?.begin(stage)
    do throws(HTTPFailure) {
      var last: (answer: HTTPAnswer, request: HTTPRequestData)?
      for step in steps { last = (try await perform(step, of: index), step.request) }
      agenda.endpoints[index].session?.open(last: last, now: time.monotonic())
      keepLastingValues(of: index)
    } catch {
      guard !isStopping, error.kind != .stopped else { return }
      noteLogin(error, stage: stage, of: index)
    }
  }

  private func perform(
    _ step: HTTPLogin<HTTPRequestData>.Step, of index: Int
  ) async throws(HTTPFailure) -> HTTPAnswer {
    do {
      // The device's pause counts here too.
      try await time.sleepUntil(agenda.quietUntil)
    } catch {
      throw HTTPFailure(kind: .stopped, message: "the link was stopped")
    }
    do throws(HTTPFailure) {
      let answer = try await answer(to: step.request, of: index, isPoll: false)
      let redact = agenda.endpoints[index].redact
      if let failure = AnswerCheck.failure(of: answer, to: step.request, now: time.wall(), redact: redact) {
        throw failure
      }
      let missing = agenda.endpoints[index].session?.take(answer, of: step)
      // The next step's answer may repeat what this one gave.
      agenda.endpoints[index].hideSecrets()
      if let missing {
        throw HTTPFailure(kind: .refused(answer.status), message: "the answer has no \(missing)")
      }
      return answer
    } catch {
      throw account(for: error, of: index)
    }
  }

  private func noteLogin(_ failure: HTTPFailure, stage: LoginSession.Stage, of index: Int) {
    let now = time.monotonic()
    let pause = agenda.endpoints[index].session?.failed(failure, stage: stage, now: now) ?? .zero
    guard pause > .zero else { return }
    count("login failed")
    let reason = "login: \(agenda.endpoints[index].redact(failure.message))"
    let change = agenda.endpoints[index].loginFailed(
      failure, reason, pause: pause, now: now, wall: time.wall(), random: random)
    report(change, of: index)
    if let line = agenda.endpoints[index].log.failure(reason, now: now) {
      logger.warning("\(line.text)", metadata: ["device": "\(agenda.endpoints[index].id)"])
    }
  }

  /// Whether the answer says that the session is over. A new one is tried, unless the last ones did not help.
  func checkSession(_ answer: HTTPAnswer, to data: HTTPRequestData, of index: Int) throws(HTTPFailure) {
    guard let session = agenda.endpoints[index].session else { return }
    let request = "\(data.method) \(data.path)"
    guard session.isEnd(answer, to: data) else {
      if agenda.endpoints[index].session?.note(answer.headers) == true { agenda.endpoints[index].hideSecrets() }
      agenda.endpoints[index].session?.worked(request)
      return
    }
    if agenda.endpoints[index].session?.reject(request, now: time.monotonic()) == true {
      throw HTTPFailure(kind: .sessionEnded, message: "the session with the device has ended")
    }
    throw HTTPFailure(
      kind: .refused(answer.status), message: "HTTP \(answer.status): refused although logged in")
  }

  /// Ends the open sessions, so that the few that a device allows are free for others.
  func logOut() async {
    for index in agenda.endpoints.indices {
      guard let session = agenda.endpoints[index].session, session.isOpen, let logout = session.login.logout,
        let exchanger, let request = try? clientRequest(logout, of: index)
      else { continue }
      agenda.endpoints[index].session?.close()
      exchanges += 1
      do throws(HTTPFailure) {
        _ = try await exchanger.send(request, until: time.monotonic() + Self.logoutTimeout)
      } catch {
        count("logout failed")
      }
    }
  }

  private func keepLastingValues(of index: Int) {
    guard let values = agenda.endpoints[index].session?.lastingValues, !values.isEmpty else { return }
    store?.keep(values, of: agenda.endpoints[index].id)
  }
}
