/// Where something is, as letters are addressed.
public struct PostalAddress: Codable, Sendable, Hashable, CustomStringConvertible {
  /// Street and number; the whole address where it is known as one line only.
  public var line1: String?
  /// Floor, flat, care of.
  public var line2: String?
  /// Town.
  public var city: String?
  /// State, province or canton.
  public var state: String?
  /// Postal code.
  public var postalCode: String?
  /// ISO 3166 code of two letters, or a name.
  public var country: String?

  /// All members, those that can be absent with a default.
  public init(
    line1: String? = nil, line2: String? = nil, city: String? = nil, state: String? = nil, postalCode: String? = nil,
    country: String? = nil
  ) {
    self.line1 = line1
    self.line2 = line2
    self.city = city
    self.state = state
    self.postalCode = postalCode
    self.country = country
  }

  /// Whether nothing of it is known.
  public var isEmpty: Bool { parts.isEmpty }

  /// In one line.
  public var description: String { parts.joined(separator: ", ") }

  private var parts: [String] { [line1, line2, city, state, postalCode, country].compactMap(\.self) }

  /// The same without its country.
  public var withoutCountry: PostalAddress {
    var address = self
    address.country = nil
    return address
  }

  /// The same for two spellings of one address: lower case, without punctuation, with the usual abbreviations of
  /// streets. `nil` where too little is said to tell one house from another: four words, a number among them.
  public var matchKey: String? {
    let words = parts.joined(separator: " ").lowercased().split { !($0.isLetter || $0.isNumber) }.map(Self.shortened)
    guard words.count >= Self.fewestWords, words.contains(where: { $0.contains(where: \.isNumber) }) else { return nil }
    return words.joined(separator: " ")
  }

  /// An address of fewer words names a street or a town rather than a house.
  static let fewestWords = 4

  private static func shortened(_ word: Substring) -> String {
    let word = String(word)
    if let short = abbreviations[word] { return short }
    for ending in ["straße", "strasse"] where word.hasSuffix(ending) { return word.dropLast(ending.count) + "str" }
    return word
  }

  private static let abbreviations = [
    "street": "st", "avenue": "ave", "road": "rd", "drive": "dr", "lane": "ln", "boulevard": "blvd", "court": "ct",
    "place": "pl", "square": "sq", "apartment": "apt", "suite": "ste", "north": "n", "south": "s", "east": "e",
    "west": "w",
  ]
}

/// In whose grid and market a customer is.
public struct UtilityArea: Codable, Sendable, Hashable {
  /// Service territory of the utility.
  public var territory: String?
  /// Operator of the transmission grid: `CAISO`.
  public var iso: String?
  /// The wholesale market.
  public var wholesaleMarket: String?

  /// All members, those that can be absent with a default.
  public init(territory: String? = nil, iso: String? = nil, wholesaleMarket: String? = nil) {
    self.territory = territory
    self.iso = iso
    self.wholesaleMarket = wholesaleMarket
  }
}
