import EnergyModel

/// Finds the customer of a site or device by what both say of themselves: the same reference, else the same address.
///
/// It never guesses: where several customers fit, nobody is chosen. The order of the customers does not matter.
struct CustomerMatch {
  /// A customer as far as it can be recognized.
  struct Candidate: Hashable, Sendable {
    var id: String
    var referenceID: String?
    var addresses: [PostalAddress]
  }

  /// What was the same.
  enum Reason: String, Sendable { case reference, address }

  enum Outcome: Hashable, Sendable {
    case nobody
    case one(String, Reason)
    /// Ids in their order.
    case several([String], Reason)
  }

  private var byReference: [String: Set<String>] = [:]
  /// Addresses as they are.
  private var byAddress: [String: Set<String>] = [:]
  /// Addresses with a country, without it: for addresses that say none.
  private var byHouse: [String: Set<String>] = [:]

  init(_ candidates: [Candidate]) {
    for candidate in candidates {
      if let reference = Self.key(candidate.referenceID) { byReference[reference, default: []].insert(candidate.id) }
      for address in candidate.addresses {
        guard let key = address.matchKey else { continue }
        byAddress[key, default: []].insert(candidate.id)
        if address.country != nil, let house = address.withoutCountry.matchKey {
          byHouse[house, default: []].insert(candidate.id)
        }
      }
    }
  }

  func outcome(referenceID: String?, address: PostalAddress?) -> Outcome {
    if let reference = Self.key(referenceID), let found = byReference[reference] {
      return Self.outcome(found, .reference)
    }
    return Self.outcome(at(address), .address)
  }

  private func at(_ address: PostalAddress?) -> Set<String> {
    guard let address, let key = address.matchKey else { return [] }
    let exact = byAddress[key] ?? []
    guard address.country != nil else { return exact.union(byHouse[key] ?? []) }
    return exact.union(address.withoutCountry.matchKey.flatMap { byAddress[$0] } ?? [])
  }

  private static func outcome(_ found: Set<String>, _ reason: Reason) -> Outcome {
    guard let first = found.first else { return .nobody }
    return found.count == 1 ? .one(first, reason) : .several(found.sorted(), reason)
  }

  /// Blanks around a reference mean nothing, case does.
  private static func key(_ reference: String?) -> String? {
    guard let reference else { return nil }
    let words = reference.split(whereSeparator: \.isWhitespace)
    return words.isEmpty ? nil : words.joined(separator: " ")
  }
}
