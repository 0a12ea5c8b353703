/// The nearest of some known words to a word that is not known, as a hint.
public enum Suggestion {
  /// `did you mean 'x'?` when one of the words is near, else the list of words where it is short, else `nil`.
  public static func hint(for word: String, among words: some Sequence<String>) -> String? {
    let candidates = Array(words)
    let ranked = candidates.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
    if let (best, count) = ranked, count <= max(1, min(word.count, best.count) / 3) { return "did you mean '\(best)'?" }
    guard !candidates.isEmpty, candidates.count <= maxListed else { return nil }
    return "known: \(candidates.sorted().joined(separator: ", "))"
  }

  /// Longer lists help nobody.
  static let maxListed = 24

  /// Edits (insert, delete, replace, swap of neighbours) between two words.
  static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a.unicodeScalars)
    let b = Array(b.unicodeScalars)
    var rows = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { rows[i][0] = i }
    for j in 0...b.count { rows[0][j] = j }
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    for i in 1...a.count {
      for j in 1...b.count {
        let cost = a[i - 1] == b[j - 1] ? 0 : 1
        rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
        }
      }
    }
    return rows[a.count][b.count]
  }
}
