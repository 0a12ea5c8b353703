import ArgumentParser
import DeviceProfiles

/// `heddle profile diff`: what changes in meaning between two profiles.
struct ProfileDiffCommand: ProfileTool {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "What changes in meaning from one profile to another.",
    discussion: """
      Signs, units, sources, what commands write and in which order; not names, comments and tests. A gateway logs the \
      same sentences when it reloads a changed profile. Ends with 0 when both do the same, with 1 when they do not.
      """)

  @Argument(help: "The profile as it was: a file or an id.")
  var old: String
  @Argument(help: "The profile as it is now: a file or an id.")
  var new: String
  @OptionGroup var options: ProfileOptions

  func run(on bench: ProfileBench) throws -> ExitStatus {
    let difference = ProfileDifference(from: try bench.profile(old), to: try bench.profile(new))
    bench.show(Answer(old: old, new: new, difference)) {
      difference.isSame ? ["\(old) and \(new) do the same"] : difference.sentences
    }
    return difference.isSame ? .fine : .failed
  }

  private struct Answer: Encodable {
    struct Change: Encodable {
      var subject: String
      var kind: String
      var text: String
    }

    var old: String
    var new: String
    var same: Bool
    var changes: [Change]

    init(old: String, new: String, _ difference: ProfileDifference) {
      self.old = old
      self.new = new
      same = difference.isSame
      changes = difference.changes.map { Change(subject: $0.subject, kind: $0.kind.rawValue, text: $0.text) }
    }
  }
}
