import Glibc

/// Hosts by their addresses: ranges, names, and whether they are private.
enum NetworkAddress {
  /// Addresses of one name that are looked at.
  static let addressesPerName = 4

  /// The addresses of a range such as `192.168.1.0/24`, without network and broadcast address; `nil` if it is none.
  static func range(_ text: String, limit: Int) -> [String]? {
    let halves = text.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2, let base = number(String(halves[0])), let bits = Int(halves[1]), (0...32).contains(bits)
    else { return nil }
    let size = UInt64(1) << UInt64(32 - bits)
    let first = UInt64(base) & ~(size - 1)
    let inner = size > 2 ? (first + 1)..<(first + size - 1) : first..<(first + size)
    return inner.prefix(limit + 1).map { address(UInt32(truncatingIfNeeded: $0)) }
  }

  /// Whether it is written as an address and not as a name.
  static func isNumeric(_ text: String) -> Bool { number(text) != nil || bytesOfV6(text) != nil }

  private static let privateNetworks: [(base: UInt32, bits: UInt32)] = [
    (0x0A00_0000, 8), (0xAC10_0000, 12), (0xC0A8_0000, 16), (0xA9FE_0000, 16), (0x7F00_0000, 8), (0x6440_0000, 10),
  ]

  /// Whether an address is one of a private network, of a link or of this machine.
  static func isPrivate(_ text: String) -> Bool {
    if let v4 = number(text) {
      return privateNetworks.contains { network in v4 >> (32 - network.bits) == network.base >> (32 - network.bits) }
    }
    guard let v6 = bytesOfV6(text) else { return false }
    if v6.dropLast().allSatisfy({ $0 == 0 }) { return v6.last == 1 }
    if v6.prefix(10).allSatisfy({ $0 == 0 }), v6[10] == 0xFF, v6[11] == 0xFF {
      return isPrivate(v6.suffix(4).map { String($0) }.joined(separator: "."))
    }
    return v6[0] & 0xFE == 0xFC || (v6[0] == 0xFE && v6[1] & 0xC0 == 0x80)
  }

  /// The addresses of a name; empty if it has none. Takes as long as the system's resolver.
  static func addresses(of name: String) -> [String] {
    if isNumeric(name) { return [name] }
    var hints = addrinfo()
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    let found = sequence(first: list, next: { $0?.pointee.ai_next }).compactMap { $0?.pointee }.compactMap(text)
    var seen: Set<String> = []
    return Array(found.filter { seen.insert($0).inserted }.prefix(addressesPerName))
  }

  private static func text(of info: addrinfo) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let code = getnameinfo(
      info.ai_addr, info.ai_addrlen, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
    return code == 0 ? String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
  }

  private static func number(_ text: String) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var number: UInt32 = 0
    for part in parts {
      guard part.count <= 3, part.allSatisfy(\.isNumber), let byte = UInt8(part) else { return nil }
      number = number << 8 | UInt32(byte)
    }
    return number
  }

  private static func bytesOfV6(_ text: String) -> [UInt8]? {
    var address = in6_addr()
    let bare = text.split(separator: "%").first.map(String.init) ?? ""
    guard bare.contains(":"), inet_pton(AF_INET6, bare, &address) == 1 else { return nil }
    return withUnsafeBytes(of: &address) { Array($0) }
  }

  private static func address(_ number: UInt32) -> String {
    [24, 16, 8, 0].map { (shift: UInt32) in String(number >> shift & 0xFF) }.joined(separator: ".")
  }
}
