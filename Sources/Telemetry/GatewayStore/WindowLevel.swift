/// Windows of one length, in a table of their own; all tables have the columns of `WindowSum`.
///
/// A table is clustered by a bucket of time and then by series. Minutes come every few minutes from all series, so that
/// theirs is short and one flush lies side by side. The others are written once a day: with a long one the windows of a
/// series lie together, and a year of it is a few stretches of the file.
enum WindowLevel: Int, CaseIterable {
  case minutes, quarters, hours, days

  /// What is made of minutes, the finest first.
  static let summed = allCases.filter { $0 != .minutes }
  private static let selects = allCases.map(\.select)

  /// What its windows are summed up of.
  var below: WindowLevel? { WindowLevel(rawValue: rawValue - 1) }

  var table: String {
    switch self {
    case .minutes: "windows"
    case .quarters: "quarters"
    case .hours: "hours"
    case .days: "days"
    }
  }

  /// Length of a window.
  var seconds: Int64 {
    switch self {
    case .minutes: 60
    case .quarters: 900
    case .hours: 3600
    case .days: Self.daySeconds
    }
  }

  /// What lies together.
  var bucketSeconds: Int64 {
    switch self {
    case .minutes: 600
    case .quarters: Self.daySeconds
    case .hours: 32 * Self.daySeconds
    case .days: 128 * Self.daySeconds
    }
  }

  /// A day in UTC.
  static let daySeconds: Int64 = 86_400

  /// Where the window begins that a second lies in.
  func start(of second: Int64) -> Int64 { second.flooredQuotient(by: seconds) * seconds }

  /// The bucket that a second lies in.
  func bucket(of second: Int64) -> Int64 { second.flooredQuotient(by: bucketSeconds) }

  /// Reads the windows of a series in their order, for `WindowScan`. The buckets are counted up by the query, because
  /// a range of them would be scanned with all series in it.
  var selectSQL: String { Self.selects[rawValue] }

  private var select: String {
    """
    WITH RECURSIVE b(n) AS (VALUES(?1) UNION ALL SELECT n + 1 FROM b WHERE n < ?2)
    SELECT w.ts, w.sum, w.last, w.min, w.max, w.samples, w.covered_ms, w.quality, w.revision
    FROM b CROSS JOIN \(table) w ON w.bucket = b.n AND w.series = ?3 AND w.ts >= ?4 AND w.ts < ?5
    """
  }
}
