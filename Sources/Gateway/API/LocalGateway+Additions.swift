import DeviceProfiles
import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

/// What links and devices of the API have in common.
extension LocalGateway {
  /// The id that an entry asks for, or a new one.
  func newID(_ wanted: JSONValue?, prefix: String) throws(APIError) -> String {
    switch wanted {
    case nil, .null?: return makeID(prefix)
    case .text(let id)?: return id
    default: throw .invalid("/id", "'id' must be a text", code: "INVALID_TYPE")
    }
  }

  /// Throws 409 where there is one of that id, also where it is not in force.
  func checkFree(_ kind: AdditionRecord.Kind, _ id: String) throws(APIError) {
    let file = try live().file
    let place = kind == .link ? file.place(ofLink: id) : file.place(ofDevice: id)
    guard place != nil || additions.now[kind, id] != nil else { return }
    throw APIError(
      status: 409, code: "ID_TAKEN",
      message: "there is a \(kind.rawValue) \(id) already" + (place.map { ", defined in \($0)" } ?? ""),
      hint: "choose another id", errors: [.init(pointer: "/id", code: "ID_TAKEN", detail: "'\(id)' is taken")])
  }

  /// One of the API; 409 for one of the configuration file, 404 for none.
  func added(_ kind: AdditionRecord.Kind, _ id: String) throws(APIError) -> AdditionRecord {
    let file = try live().file
    if let place = kind == .link ? file.place(ofLink: id) : file.place(ofDevice: id) {
      throw APIError(
        status: 409, code: "CONFIGURED", message: "the \(kind.rawValue) \(id) is defined in \(place)",
        hint: "change it there and reload the gateway")
    }
    guard let record = additions.now[kind, id] else { throw .notFound(kind.rawValue, id) }
    return record
  }

  /// Keeps links and devices and puts them into force; when that does not work, everything is as before.
  ///
  /// - Parameters:
  ///   - old: what they replace.
  ///   - reason: a word for the audit: `made`.
  func keep(
    _ records: [AdditionRecord], over old: [AdditionRecord] = [], secrets: [String: Secret], because reason: String,
    actor: String
  ) async throws(APIError) {
    try checkFit(records, secrets)
    do { try additions.secrets.keep(secrets) } catch {
      throw APIError(
        status: 503, code: "STORE_UNAVAILABLE", message: "the secrets could not be kept in \(additions.secrets.folder)",
        hint: "is the disk full?")
    }
    try await stored { () async throws(GatewayStoreError) in
      try await store.save(records)
      try await additions.load()
    }
    do {
      try await rebuild(because: "\(Self.words(records)) \(reason) through the API", by: actor)
    } catch {
      await restore(records, old)
      throw error
    }
  }

  /// Takes back what could not be put into force. What cannot be taken back either is tried again at the next start.
  private func restore(_ records: [AdditionRecord], _ old: [AdditionRecord]) async {
    for record in records where !old.contains(where: { $0.kind == record.kind && $0.id == record.id }) {
      try? await store.removeAddition(record.kind, record.id)
      additions.secrets.remove(namedIn: record.entry)
    }
    try? await store.save(old)
    try? await additions.load()
  }

  /// Throws 409 where they do not go together with what there is.
  private func checkFit(_ records: [AdditionRecord], _ secrets: [String: Secret]) throws(APIError) {
    let file = try live().file
    let reader = additions.reader(of: file, given: secrets)
    let before = Set(additions.now.applied(to: file, reader: reader).problems)
    var next = additions.now
    for record in records { next.set(record) }
    let problems = next.applied(to: file, reader: reader).problems.filter { !before.contains($0) }
    guard let first = problems.first else { return }
    throw APIError(
      status: 409, code: "DOES_NOT_FIT",
      message: "the \(first.kind.rawValue) \(first.id) would not work: \(first.message)",
      errors: problems.map { .init(pointer: "", code: "DOES_NOT_FIT", detail: "\($0.id): \($0.message)") })
  }

  /// Takes one out of force and forgets it.
  func forget(_ record: AdditionRecord, actor: String) async throws(APIError) {
    try await stored { () async throws(GatewayStoreError) in
      try await store.removeAddition(record.kind, record.id)
      try await additions.load()
    }
    additions.secrets.remove(namedIn: record.entry)
    try await rebuild(because: "\(Self.words([record])) deleted through the API", by: actor)
  }

  private static func words(_ records: [AdditionRecord]) -> String {
    records.map { "\($0.kind.rawValue) \($0.id)" }.joined(separator: ", ")
  }

  /// Puts into force what the book says now.
  private func rebuild(because reason: String, by actor: String) async throws(APIError) {
    do {
      try await rebuilding(reason, actor)
    } catch {
      throw APIError(
        status: 503, code: "NOT_IN_FORCE", message: "it could not be put into force: \(error)",
        hint: "the gateway's log says more")
    }
  }
}
