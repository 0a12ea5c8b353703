import EnergyModel
import GatewayStore
import Testing

@testable import Gateway

@Suite("Finding the customer of a site or device")
struct CustomerMatchTests {
  /// Numbers that are the same in every run.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  private static let streets = ["12 Main Street", "12 main st.", "14 Main Street", "Hauptstraße 12", "Hauptstr. 12"]
  private static let cities = ["Springfield", "SPRINGFIELD", "Bern"]

  private func address(_ random: inout Seeded) -> PostalAddress? {
    guard Bool.random(using: &random) else { return nil }
    return PostalAddress(
      line1: Self.streets.randomElement(using: &random), city: Self.cities.randomElement(using: &random),
      postalCode: ["3000", "94105"].randomElement(using: &random),
      country: [nil, "US", "us", "CH"].randomElement(using: &random) ?? nil)
  }

  private func candidates(_ random: inout Seeded) -> [CustomerMatch.Candidate] {
    (0..<Int.random(in: 0...6, using: &random)).map { index in
      .init(
        id: "c\(index)", referenceID: [nil, "r1", "r2", " r1 "].randomElement(using: &random) ?? nil,
        addresses: [address(&random)].compactMap(\.self))
    }
  }

  @Test("Whoever is found is the only one who fits, and a reference comes before an address")
  func soundness() {
    var random = Seeded(state: 42)
    var seen: [String: Int] = [:]
    for _ in 0..<5000 {
      let customers = candidates(&random)
      let reference: String? = [nil, "r1", "r2", "r3"].randomElement(using: &random) ?? nil
      let place = address(&random)
      let outcome = CustomerMatch(customers).outcome(referenceID: reference, address: place)
      let byReference = customers.filter { $0.referenceID?.filter { $0 != " " } == reference && reference != nil }
      switch outcome {
      case .one(let id, .reference): #expect(byReference.map(\.id) == [id])
      case .several(let ids, .reference): #expect(byReference.map(\.id) == ids && ids.count > 1)
      case .one(_, .address), .several(_, .address), .nobody: #expect(byReference.isEmpty)
      }
      if case .one(let id, .address) = outcome {
        let found = customers.first { $0.id == id }?.addresses.first
        #expect(found?.withoutCountry.matchKey == place?.withoutCountry.matchKey)
      }
      seen["\(outcome)".prefix(3).description, default: 0] += 1
    }
    #expect(seen.values.allSatisfy { $0 > 100 } && seen.count == 3, "all outcomes were met: \(seen)")
  }

  @Test("The order of the customers and the spelling of an address make no difference")
  func invariance() {
    var random = Seeded(state: 9)
    for _ in 0..<2000 {
      let customers = candidates(&random)
      let place = address(&random)
      let expected = CustomerMatch(customers).outcome(referenceID: "r1", address: place)
      #expect(CustomerMatch(customers.shuffled(using: &random)).outcome(referenceID: "r1", address: place) == expected)
      var shouted = place
      shouted?.line1 = place?.line1?.uppercased().replacing(" ", with: ",  ")
      let other = CustomerMatch(customers).outcome(referenceID: nil, address: shouted)
      #expect(other == CustomerMatch(customers).outcome(referenceID: nil, address: place))
    }
  }

  @Test("One more customer can make a match doubtful, but never gives the thing to another one")
  func monotony() {
    var random = Seeded(state: 5)
    for _ in 0..<2000 {
      let customers = candidates(&random)
      let place = address(&random)
      let before = CustomerMatch(customers).outcome(referenceID: "r2", address: place)
      let more = customers + [.init(id: "new", referenceID: nil, addresses: [address(&random)].compactMap(\.self))]
      let after = CustomerMatch(more).outcome(referenceID: "r2", address: place)
      switch (before, after) {
      case (.one(let first, _), .one(let second, _)): #expect(first == second)
      case (.one(let first, _), .several(let ids, _)): #expect(ids.contains(first) && ids.contains("new"))
      case (.several, .one), (.one, .nobody), (.several, .nobody): Issue.record("\(before) became \(after)")
      default: break
      }
    }
  }

  @Test("A street without a house, or an empty reference, matches nobody")
  func tooLittle() {
    let customers = [
      CustomerMatch.Candidate(
        id: "a", referenceID: "  ", addresses: [PostalAddress(line1: "Main Street", city: "Bern")])
    ]
    let match = CustomerMatch(customers)
    #expect(match.outcome(referenceID: " ", address: PostalAddress(line1: "Main Street", city: "Bern")) == .nobody)
  }

  @Test("One line and its parts are the same address")
  func oneLine() {
    let parts = PostalAddress(
      line1: "123 Main St", city: "San Francisco", state: "CA", postalCode: "94105", country: "US")
    let match = CustomerMatch([.init(id: "a", referenceID: nil, addresses: [parts])])
    for line in ["123 Main Street, San Francisco, CA 94105, US", "123 main st San Francisco CA 94105"] {
      #expect(match.outcome(referenceID: nil, address: PostalAddress(line1: line)) == .one("a", .address))
    }
    let other = PostalAddress(line1: "123 Main Street, San Francisco, CA 94105", country: "CA")
    #expect(match.outcome(referenceID: nil, address: other) == .nobody)
  }

  // MARK: The book

  private let now = Timestamp(milliseconds: 1_777_629_600_000)

  private func file() -> GatewayConfiguration {
    GatewayConfiguration(
      file: "heddle.yaml", digest: "", api: .init(listen: nil, socket: "", group: nil, hosts: []), storePath: "",
      links: [],
      customers: [.init(id: "ada", name: "Ada", referenceID: "r1"), .init(id: "bob", name: "Bob", referenceID: "r2")],
      sites: [
        .init(id: "elm", name: "Elm", timezone: "UTC"),
        .init(id: "oak", name: "Oak", customerID: "bob", timezone: "UTC"),
      ],
      devices: [])
  }

  @Test("What somebody said about a site always wins, also that it is nobody's, and the file wins over both")
  func manualWins() throws {
    var random = Seeded(state: 3)
    for _ in 0..<500 {
      var file = file()
      file.sites[0].referenceID = [nil, "r1", "r2"].randomElement(using: &random) ?? nil
      var book = RecordBook.Contents()
      let said: String? = [nil, "ada", "bob"].randomElement(using: &random) ?? nil
      for id in ["elm", "oak"] {
        book.links[.init(kind: .site, id: id)] = .init(kind: .site, id: id, customerID: said, origin: .manual, at: now)
      }
      let applied = book.applied(to: file)
      #expect(applied.sites[0].customerID == said)
      #expect(applied.sites[1].customerID == "bob", "the file says it")
      #expect(book.decisions(in: applied, at: now).isEmpty)
    }
  }

  @Test("A decision is made once: in force, nothing follows from it any more, and doubt is told once")
  func settles() {
    var file = file()
    file.sites[0].referenceID = "r1"
    var book = RecordBook.Contents()
    let first = book.decisions(in: book.applied(to: file), at: now)
    #expect(first.map(\.customerID) == ["ada"] && first.map(\.origin) == [.automatic])
    for link in first { book.links[.init(kind: link.kind, id: link.id)] = link }
    #expect(book.applied(to: file).sites[0].customerID == "ada")
    #expect(book.decisions(in: book.applied(to: file), at: now).isEmpty)

    book = RecordBook.Contents()
    file.customers.append(.init(id: "eve", name: "Eve", referenceID: "r1"))
    let doubt = book.decisions(in: book.applied(to: file), at: now)
    #expect(doubt.map(\.origin) == [.ambiguous] && doubt.first?.candidates == ["ada", "eve"])
    for link in doubt { book.links[.init(kind: link.kind, id: link.id)] = link }
    #expect(book.applied(to: file).sites[0].customerID == nil)
    #expect(book.decisions(in: book.applied(to: file), at: now).isEmpty)
    file.customers.removeLast()
    #expect(book.decisions(in: book.applied(to: file), at: now).map(\.customerID) == ["ada"])
  }

  @Test("A link to a customer who is gone is none, so that the thing can find another one")
  func goneCustomer() {
    var file = file()
    file.sites[0].referenceID = "r2"
    var book = RecordBook.Contents()
    book.links[.init(kind: .site, id: "elm")] =
      .init(kind: .site, id: "elm", customerID: "cus_gone", origin: .automatic, at: now)
    #expect(book.applied(to: file).sites[0].customerID == nil)
    #expect(book.decisions(in: book.applied(to: file), at: now).map(\.customerID) == ["bob"])
  }
}
