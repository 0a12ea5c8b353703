public import EnergyModel
import GRDB

extension GatewayStore {
  /// Schedules that ended and are still kept, the newest of them.
  static let endedSchedulesKept = 1000

  /// Keeps a new schedule and ends those that it replaces; durable when it returns.
  public func insert(
    _ schedule: ScheduleRecord, replacing replaced: [String] = []
  ) async throws(GatewayStoreError) {
    try await write(
      "save schedule \(schedule.id)", of: ([schedule.id] + replaced).map { AuditedRecord(.schedule, $0) }
    ) { db in
      for id in replaced {
        try Self.endSchedule(id, .replaced, at: schedule.createdAt, in: db)
      }
      let (deviceID, tag, customerID) =
        switch schedule.target {
        case .device(let id): (id as String?, nil as String?, nil as String?)
        case .tag(let tag, let customerID): (nil, tag, customerID)
        }
      try db.execute(
        sql: """
          INSERT INTO schedules(id, device_id, tag, customer_id, plan, time_zone, actor, created_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          schedule.id, deviceID, tag, customerID, try JSONText.encode(schedule.plan), schedule.timeZone,
          schedule.actor, schedule.createdAt.milliseconds,
        ])
      try db.execute(
        sql: """
          DELETE FROM schedules WHERE ended_at IS NOT NULL AND id NOT IN (
            SELECT id FROM schedules WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT ?)
          """, arguments: [Self.endedSchedulesKept])
    }
  }

  /// Ends a schedule. Returns whether it was in force.
  @discardableResult
  public func endSchedule(
    _ id: String, _ end: ScheduleRecord.End, at time: Timestamp
  ) async throws(GatewayStoreError) -> Bool {
    try await write("end schedule \(id)", of: [AuditedRecord(.schedule, id)]) { db in
      try Self.endSchedule(id, end, at: time, in: db)
    }
  }

  @discardableResult
  private static func endSchedule(
    _ id: String, _ end: ScheduleRecord.End, at time: Timestamp, in db: Database
  ) throws -> Bool {
    try db.execute(
      sql: "UPDATE schedules SET ended_at = ?, ended_how = ? WHERE id = ? AND ended_at IS NULL",
      arguments: [time.milliseconds, end.rawValue, id])
    return db.changesCount == 1
  }

  /// Schedules, newest first: those in force, or all.
  public func schedules(includingEnded: Bool = false) async throws(GatewayStoreError) -> [ScheduleRecord] {
    try await perform("read schedules") { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM schedules WHERE ? OR ended_at IS NULL ORDER BY created_at DESC, rowid DESC",
        arguments: [includingEnded]
      ).map(Self.schedule)
    }
  }

  /// The schedule of that id, also if it has ended; `nil` if there is none.
  public func schedule(id: String) async throws(GatewayStoreError) -> ScheduleRecord? {
    try await perform("read schedule \(id)") { db in
      try Row.fetchOne(db, sql: "SELECT * FROM schedules WHERE id = ?", arguments: [id]).map(Self.schedule)
    }
  }

  private static func schedule(_ row: Row) throws -> ScheduleRecord {
    let deviceID: String? = try row.decode(forColumn: "device_id")
    let tag: String? = try row.decode(forColumn: "tag")
    let id: String = try row.decode(forColumn: "id")
    let target: ScheduleRecord.Target
    if let deviceID {
      target = .device(deviceID)
    } else if let tag {
      target = .tag(tag, customerID: try row.decode(forColumn: "customer_id"))
    } else {
      throw GatewayStoreError(code: .corrupt, operation: "read schedule \(id)", reason: "it is for nobody")
    }
    var record = ScheduleRecord(
      id: id, target: target,
      plan: try JSONText.decode(ScheduleRecord.Plan.self, try row.decode(forColumn: "plan")),
      timeZone: try row.decode(forColumn: "time_zone"), actor: try row.decode(forColumn: "actor"),
      createdAt: try row.time("created_at"))
    record.endedAt = try row.optionalTime("ended_at")
    let end: String? = try row.decode(forColumn: "ended_how")
    record.end = end.flatMap(ScheduleRecord.End.init(rawValue:))
    return record
  }

  // MARK: Runs

  /// What the schedules did last that are in force, and those that were ended by somebody, which has to be undone.
  public func scheduleRuns() async throws(GatewayStoreError) -> [ScheduleRun] {
    try await perform("read runs of schedules") { db in
      try Self.runs(
        """
        WHERE schedule_id IN (
          SELECT id FROM schedules WHERE ended_at IS NULL OR ended_how IN ('deleted', 'replaced'))
        """, [], in: db)
    }
  }

  /// What one schedule did last, by device.
  public func scheduleRuns(of id: String) async throws(GatewayStoreError) -> [ScheduleRun] {
    try await perform("read runs of schedule \(id)") { db in try Self.runs("WHERE schedule_id = ?", [id], in: db) }
  }

  private static func runs(_ clause: String, _ arguments: StatementArguments, in db: Database) throws -> [ScheduleRun] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM schedule_runs \(clause) ORDER BY schedule_id, device_id", arguments: arguments
    ).map { row in
      var run = ScheduleRun(
        scheduleID: try row.decode(forColumn: "schedule_id"), deviceID: try row.decode(forColumn: "device_id"),
        start: try row.time("start"), nextAttemptAt: try row.optionalTime("next_attempt_at"))
      run.attempts = try row.decode(forColumn: "attempts")
      run.commandID = try row.decode(forColumn: "command_id")
      run.isOpen = try row.decode(forColumn: "is_open")
      run.problem = try row.decode(forColumn: "problem")
      return run
    }
  }

  /// Keeps what a schedule did for a device, over what it did before; durable when it returns.
  public func save(_ run: ScheduleRun) async throws(GatewayStoreError) {
    try await write("save a run of schedule \(run.scheduleID)") { db in
      try db.execute(
        sql: """
          INSERT OR REPLACE INTO schedule_runs(
            schedule_id, device_id, start, next_attempt_at, attempts, command_id, is_open, problem)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          run.scheduleID, run.deviceID, run.start.milliseconds, run.nextAttemptAt?.milliseconds, run.attempts,
          run.commandID, run.isOpen, run.problem,
        ])
    }
  }

  /// Forgets what a schedule did for a device.
  public func removeRun(scheduleID: String, deviceID: String) async throws(GatewayStoreError) {
    try await write("forget a run of schedule \(scheduleID)") { db in
      try db.execute(
        sql: "DELETE FROM schedule_runs WHERE schedule_id = ? AND device_id = ?", arguments: [scheduleID, deviceID])
    }
  }
}
