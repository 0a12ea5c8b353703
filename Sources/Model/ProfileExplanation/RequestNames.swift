package import DeviceProfiles

/// Which request of a profile a recorded answer belongs to.
///
/// People keep answers under the request's name, its path, or a file name made from the path, where slashes and
/// question marks became something else: `api_v1_production`, `GetInverterRealtimeData__Scope-System.json`.
package struct RequestNames {
  private struct Candidate {
    var name: String
    var path: String
    /// The words of the path, and those of path and query.
    var pathWords: [String]
    var words: [String]
  }

  private let candidates: [Candidate]

  private static let endings: Set<String> = ["json", "fcgi", "cgi", "php", "html", "xml", "txt"]

  package init(_ bound: BoundProfile) {
    candidates = bound.polledRequests.map { entry in
      let path = entry.request.path
      let halves = path.split(separator: "?", maxSplits: 1).map(String.init)
      let pathWords = Self.words(halves.first ?? "")
      return Candidate(
        name: entry.name, path: path, pathWords: pathWords,
        words: pathWords + (halves.count > 1 ? Self.words(halves[1]) : []))
    }
  }

  /// The request of that name or path, exactly.
  package func exact(_ text: String) -> String? { candidates.first { $0.name == text || $0.path == text }?.name }

  /// The request that a text means most likely; `nil` where nothing fits.
  package func best(_ text: String) -> String? {
    let rated = candidates.map { ($0.name, Self.score(text, $0)) }.filter { $0.1 > 0 }
    return rated.max { $0.1 < $1.1 }?.0
  }

  /// For each request the text of several that fits best.
  package func assign(_ texts: [String]) -> [(request: String, text: String)] {
    candidates.compactMap { candidate in
      let rated = texts.map { ($0, Self.score($0, candidate)) }.filter { $0.1 > 0 }
      return rated.max { ($0.1, $1.0.count) < ($1.1, $0.0.count) }.map { (candidate.name, $0.0) }
    }
  }

  /// 0: does not fit.
  private static func score(_ text: String, _ candidate: Candidate) -> Int {
    if text == candidate.path { return 4000 }
    if base(text) == candidate.name { return 3000 }
    let words = words(text)
    guard !words.isEmpty else { return 0 }
    let sameEnding = ending(text) == ending(candidate.path.split(separator: "?").first.map(String.init) ?? "") ? 1 : 0
    if words == candidate.words { return 2000 + sameEnding }
    if words == candidate.pathWords { return 1000 + sameEnding }
    if isEnd(words, of: candidate.words) || isEnd(candidate.words, of: words) || isEnd(words, of: candidate.pathWords) {
      return 2 * min(words.count, candidate.words.count) + sameEnding
    }
    return 0
  }

  private static func isEnd(_ end: [String], of words: [String]) -> Bool {
    !end.isEmpty && end.count <= words.count && Array(words.suffix(end.count)) == end
  }

  private static func base(_ text: String) -> String {
    let name = text.split(separator: "/").last.map(String.init) ?? text
    return ending(name).map { String(name.dropLast($0.count + 1)) } ?? name
  }

  private static func ending(_ text: String) -> String? {
    guard let dot = text.lastIndex(of: ".") else { return nil }
    let ending = text[text.index(after: dot)...].lowercased()
    return endings.contains(ending) ? ending : nil
  }

  private static func words(_ text: String) -> [String] {
    let plain = ending(text).map { String(text.dropLast($0.count + 1)) } ?? text
    return plain.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }
}

extension BoundProfile {
  /// The name of the request that a capture means by its name, by its path, or by a name made from it.
  package func requestName(_ text: String) -> String? {
    let names = RequestNames(self)
    return names.exact(text) ?? names.best(text)
  }
}
