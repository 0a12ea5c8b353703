/// The version of the programs, one for all of them.
public enum ReleaseVersion {
  /// As in `CHANGELOG.md`.
  public static let current = "0.1.0"
}
