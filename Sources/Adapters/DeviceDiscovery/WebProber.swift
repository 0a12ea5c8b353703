import DeviceProfiles
import EnergyModel
import HTTPAdapter
import TimeSource

/// Asks a web server for the paths that profiles read, and sees which of them understands the answers.
struct WebProber {
  let catalogue: ProductCatalogue
  let timeout: Duration
  let time: TimeSource

  struct Outcome: Sendable {
    var best: DocumentMatch?
    var others: [String] = []
    var problem: String?
  }

  /// One question and what came of it.
  private enum Answer {
    case body([UInt8])
    case refused
  }

  func probe(_ origin: String) async throws -> Outcome {
    let reader = HTTPReader(try HTTPLinkConfiguration(url: origin, connectTimeout: timeout), time: time)
    defer { reader.close() }
    var answers: [String: Answer] = [:]
    var matches: [DocumentMatch] = []
    for filling in catalogue.profiles.compactMap(Self.askable) {
      do throws(HTTPReadFailure) {
        if let match = try await match(filling, reader, &answers) { matches.append(match) }
      } catch {
        if Task.isCancelled { throw CancellationError() }
        guard case .unreachable(let words) = error else { continue }
        // A host that answered before may have had enough of one path.
        if answers.isEmpty { return Outcome(problem: words) }
      }
    }
    matches.sort { $0.isBetter(than: $1) }
    return Outcome(best: matches.first, others: matches.dropFirst().map(\.profile.id))
  }

  /// Only the first question is asked of a host that does not have the product.
  private func match(
    _ filling: ProfileFilling, _ reader: HTTPReader, _ answers: inout [String: Answer]
  ) async throws(HTTPReadFailure) -> DocumentMatch? {
    var match = DocumentMatch(filling)
    for (index, polled) in filling.bound.polledRequests.enumerated() where polled.request.method == "GET" {
      let key = polled.request.path + "\n" + filling.bound.httpHeaders.map { "\($0): \($1)" }.joined(separator: "\n")
      let place = polled.request.path
      if answers[key] == nil {
        if !answers.isEmpty { try? await time.sleep(for: DiscoveryLimits.gap) }
        if Task.isCancelled { throw .unreachable("cancelled") }
        do throws(HTTPReadFailure) {
          answers[key] = .body(try await reader.get(polled.request, of: filling.bound, timeout: timeout))
        } catch {
          if case .unreachable = error { throw error }
          answers[key] = .refused
        }
      }
      guard case .body(let body)? = answers[key] else {
        if index == 0 { return nil }
        continue
      }
      match.take(.response(request: polled.name, body: body), from: place, at: time.wall())
      if index == 0, match.good == 0 { return nil }
    }
    return match.fits ? match : nil
  }

  /// Profiles that can be asked without knowing more: no login, nothing that somebody has to say.
  private static func askable(_ profile: DeviceProfile) -> ProfileFilling? {
    guard case .http(let settings) = profile.transport, settings.login == nil, settings.authentication == .none,
      let filling = ProfileFilling(profile, [:]), !filling.bound.polledRequests.isEmpty
    else { return nil }
    let isOpen = profile.parameters.allSatisfy { parameter in
      guard filling.missing.contains(parameter.name) else { return true }
      return !parameter.isSecret && parameter.kind != .text
    }
    return isOpen ? filling : nil
  }
}
