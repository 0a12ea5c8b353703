import GRDB

/// The schema. Migrations are only ever appended: a file that is in the field has run the old ones as they were.
///
/// All tables are STRICT, so a column has the type that it says. Times are milliseconds since 1970 in UTC, except
/// `windows.ts` and `windows.bucket`.
enum Migrations {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 customers, devices, keys") { try $0.execute(sql: configuration) }
    migrator.registerMigration("1 journal and events") { try $0.execute(sql: journal) }
    migrator.registerMigration("1 telemetry") { try $0.execute(sql: telemetry) }
    migrator.registerMigration("2 device writes") { try $0.execute(sql: deviceWrites) }
    migrator.registerMigration("2 alerts") { try $0.execute(sql: alerts) }
    migrator.registerMigration("3 tags, schedules, batches") { try $0.execute(sql: scheduling) }
    migrator.registerMigration("3 audit") { try $0.execute(sql: audit) }
    migrator.registerMigration("4 usage meters") { try $0.execute(sql: usageMeters) }
    migrator.registerMigration("4 customers, sites and links in full") { try $0.execute(sql: records) }
    migrator.registerMigration("5 raw readings") { try $0.execute(sql: rawReadings) }
    migrator.registerMigration("5 additions") { try $0.execute(sql: additions) }
    migrator.registerMigration("6 connections") { try $0.execute(sql: connections) }
    migrator.registerMigration("5 quarters of an hour") { try $0.execute(sql: quarters) }
    migrator.registerMigration("6 webhooks") { try $0.execute(sql: webhooks) }
    migrator.registerMigration("7 carbon intensities") { try $0.execute(sql: carbonIntensities) }
    migrator.registerMigration("8 windows of hours and days") { try $0.execute(sql: coarseWindows) }
    return migrator
  }

  private static let configuration = """
    CREATE TABLE customers(
      id TEXT PRIMARY KEY, name TEXT NOT NULL, reference_id TEXT, email TEXT, extras TEXT NOT NULL,
      source TEXT NOT NULL, created_at INTEGER NOT NULL, removed_at INTEGER) STRICT;
    CREATE TABLE sites(
      id TEXT PRIMARY KEY, customer_id TEXT, name TEXT NOT NULL, time_zone TEXT NOT NULL, latitude REAL,
      longitude REAL, address TEXT, source TEXT NOT NULL, created_at INTEGER NOT NULL, removed_at INTEGER) STRICT;
    CREATE TABLE links(
      id TEXT PRIMARY KEY, transport TEXT NOT NULL, address TEXT NOT NULL, created_at INTEGER NOT NULL,
      removed_at INTEGER) STRICT;
    CREATE TABLE devices(
      id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, profile TEXT NOT NULL, part TEXT NOT NULL,
      link_id TEXT NOT NULL, site_id TEXT, customer_id TEXT, role TEXT, tags TEXT NOT NULL,
      created_at INTEGER NOT NULL, removed_at INTEGER) STRICT;
    CREATE TABLE api_keys(
      key_id TEXT PRIMARY KEY, secret_sha256 TEXT NOT NULL, label TEXT NOT NULL, scopes TEXT NOT NULL,
      customer_id TEXT, created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER,
      last_used_at INTEGER) STRICT;
    """

  private static let journal = """
    CREATE TABLE commands(
      id TEXT PRIMARY KEY, device_id TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
      is_open INTEGER NOT NULL, created_at INTEGER NOT NULL, idempotency_key TEXT, actor TEXT NOT NULL,
      lease_expires_at INTEGER, details TEXT NOT NULL) STRICT;
    CREATE INDEX commands_by_device ON commands(device_id, created_at);
    CREATE INDEX commands_by_key ON commands(idempotency_key) WHERE idempotency_key IS NOT NULL;
    CREATE INDEX commands_open ON commands(created_at) WHERE is_open = 1;
    CREATE TABLE command_history(
      command_id TEXT NOT NULL REFERENCES commands(id) ON DELETE CASCADE, position INTEGER NOT NULL,
      status TEXT NOT NULL, at INTEGER NOT NULL, detail TEXT NOT NULL,
      PRIMARY KEY(command_id, position)) STRICT, WITHOUT ROWID;
    CREATE TABLE events(
      seq INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, at INTEGER NOT NULL, device_id TEXT,
      customer_id TEXT, site_id TEXT, json TEXT NOT NULL) STRICT;
    """

  /// `windows` is clustered by a bucket of ten minutes and then by series: all rows of one flush lie side by side
  /// (fifteen times less is written to flash than with the series first), and one series over one day is still read
  /// in half a millisecond. `ts` is the window's start in seconds, `bucket` is `ts / 600`.
  private static let telemetry = """
    CREATE TABLE series(
      id INTEGER PRIMARY KEY, scope TEXT NOT NULL, scope_id TEXT NOT NULL, metric TEXT NOT NULL,
      first_ts INTEGER NOT NULL, UNIQUE(scope, scope_id, metric)) STRICT;
    CREATE TABLE windows(
      bucket INTEGER NOT NULL, series INTEGER NOT NULL, ts INTEGER NOT NULL, sum REAL NOT NULL, last REAL, min REAL,
      max REAL, samples INTEGER NOT NULL, covered_ms REAL NOT NULL, quality INTEGER NOT NULL,
      revision INTEGER NOT NULL, closed INTEGER NOT NULL,
      PRIMARY KEY(bucket, series, ts)) STRICT, WITHOUT ROWID;
    CREATE TABLE accumulators(
      device_id TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,
      PRIMARY KEY(device_id, name)) STRICT, WITHOUT ROWID;
    CREATE TABLE latest_values(
      device_id TEXT NOT NULL, field TEXT NOT NULL, type INTEGER NOT NULL, number REAL, word TEXT,
      quality INTEGER NOT NULL, observed_at INTEGER NOT NULL, received_at INTEGER NOT NULL,
      PRIMARY KEY(device_id, field)) STRICT, WITHOUT ROWID;
    CREATE TABLE marks(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    """

  private static let alerts = """
    CREATE TABLE alerts(
      id TEXT PRIMARY KEY, kind TEXT NOT NULL, device_id TEXT NOT NULL, command_id TEXT NOT NULL,
      message TEXT NOT NULL, raised_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, count INTEGER NOT NULL,
      acknowledged_at INTEGER, acknowledged_by TEXT, resolved_at INTEGER) STRICT;
    CREATE UNIQUE INDEX alerts_open ON alerts(kind, device_id) WHERE resolved_at IS NULL;
    """

  /// What a device that keeps settings in flash was given, by day in UTC.
  private static let deviceWrites = """
    CREATE TABLE device_writes(
      device_id TEXT NOT NULL, day INTEGER NOT NULL, count INTEGER NOT NULL,
      PRIMARY KEY(device_id, day)) STRICT, WITHOUT ROWID;
    """

  /// A schedule is for a device or for a tag. `schedule_runs` has what it did last for each of its devices.
  private static let scheduling = """
    CREATE TABLE device_tags(
      device_id TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY(device_id, tag)) STRICT, WITHOUT ROWID;
    CREATE TABLE schedules(
      id TEXT PRIMARY KEY, device_id TEXT, tag TEXT, customer_id TEXT, plan TEXT NOT NULL, time_zone TEXT,
      actor TEXT NOT NULL, created_at INTEGER NOT NULL, ended_at INTEGER, ended_how TEXT) STRICT;
    CREATE TABLE schedule_runs(
      schedule_id TEXT NOT NULL REFERENCES schedules(id) ON DELETE CASCADE, device_id TEXT NOT NULL,
      start INTEGER NOT NULL, next_attempt_at INTEGER, attempts INTEGER NOT NULL, command_id TEXT,
      is_open INTEGER NOT NULL, problem TEXT, PRIMARY KEY(schedule_id, device_id)) STRICT, WITHOUT ROWID;
    CREATE TABLE batches(
      id TEXT PRIMARY KEY, spec TEXT NOT NULL, actor TEXT NOT NULL, customer_id TEXT, idempotency_key TEXT,
      digest TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
    CREATE INDEX batches_by_key ON batches(idempotency_key) WHERE idempotency_key IS NOT NULL;
    CREATE TABLE batch_items(
      batch_id TEXT NOT NULL REFERENCES batches(id) ON DELETE CASCADE, position INTEGER NOT NULL,
      device_id TEXT NOT NULL, planned_at INTEGER NOT NULL, state TEXT NOT NULL, command_id TEXT, code TEXT,
      message TEXT, PRIMARY KEY(batch_id, position)) STRICT, WITHOUT ROWID;
    CREATE INDEX batch_items_waiting ON batch_items(batch_id) WHERE state = 'waiting';
    """

  /// Append-only, also for whoever has the file: a row is never changed, and goes only from the old end, when
  /// `audit_ends` says so. `hash` is SHA-256 of the hash before and of the row's other columns.
  private static let audit = """
    CREATE TABLE audit(
      seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
      command_id TEXT, reason TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE audit_ends(
      id INTEGER PRIMARY KEY CHECK (id = 1), anchor INTEGER NOT NULL, anchor_hash BLOB NOT NULL,
      head INTEGER NOT NULL, head_hash BLOB NOT NULL) STRICT;
    INSERT INTO audit_ends VALUES (1, 0, zeroblob(32), 0, zeroblob(32));
    CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
      BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
    CREATE TRIGGER audit_goes_from_its_end BEFORE DELETE ON audit
      WHEN OLD.seq > (SELECT anchor FROM audit_ends)
      BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
    """

  /// Quantities are millionths. `key` is unique for its meter as long as `usage_keys` remembers it.
  private static let usageMeters = """
    CREATE TABLE usage_meters(
      id TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, aggregation TEXT NOT NULL,
      unit TEXT NOT NULL, property TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
    CREATE TABLE usage_events(
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, meter_id TEXT NOT NULL,
      customer_id TEXT NOT NULL, at INTEGER NOT NULL, quantity INTEGER NOT NULL, value TEXT,
      received_at INTEGER NOT NULL, key TEXT, metadata TEXT) STRICT;
    CREATE INDEX usage_events_by_meter ON usage_events(meter_id, at);
    CREATE INDEX usage_events_by_customer ON usage_events(customer_id, meter_id, at);
    CREATE TABLE usage_keys(
      meter_id TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, event_id TEXT NOT NULL, at INTEGER NOT NULL,
      PRIMARY KEY(meter_id, key)) STRICT, WITHOUT ROWID;
    CREATE INDEX usage_keys_by_time ON usage_keys(at);
    """

  /// `customer_links` has who decided whose a site or device is, beside what the configuration says; without a
  /// customer, that it is to have none. A site that the API made before had its customer from somebody.
  private static let records = """
    ALTER TABLE customers ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE customers ADD COLUMN updated_at INTEGER;
    ALTER TABLE sites ADD COLUMN reference_id TEXT;
    ALTER TABLE sites ADD COLUMN updated_at INTEGER;
    CREATE TABLE customer_links(
      kind TEXT NOT NULL, thing_id TEXT NOT NULL, customer_id TEXT, origin TEXT NOT NULL, candidates TEXT NOT NULL,
      at INTEGER NOT NULL, PRIMARY KEY(kind, thing_id)) STRICT, WITHOUT ROWID;
    INSERT INTO customer_links
      SELECT 'site', id, customer_id, 'manual', '[]', created_at FROM sites
      WHERE source = 'api' AND customer_id IS NOT NULL;
    CREATE TABLE device_changes(
      device_id TEXT PRIMARY KEY, name TEXT, reference_id TEXT, site_id TEXT,
      at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX events_by_customer ON events(customer_id, seq) WHERE customer_id IS NOT NULL;
    """

  /// Quarters of an hour; `bucket` is the day in UTC, so that a series lies together for a day.
  private static let quarters = """
    CREATE TABLE quarters(
      bucket INTEGER NOT NULL, series INTEGER NOT NULL, ts INTEGER NOT NULL, sum REAL NOT NULL, last REAL, min REAL,
      max REAL, samples INTEGER NOT NULL, covered_ms REAL NOT NULL, quality INTEGER NOT NULL,
      revision INTEGER NOT NULL, PRIMARY KEY(bucket, series, ts)) STRICT, WITHOUT ROWID;
    """

  /// A flush writes one row of `raw_groups`, in the order of time; every ten minutes the groups become one row of
  /// `raw_chunks` for each series. A chunk's id is `block * 1048576 + series`, so that a block lies together and a
  /// series is found in it at once. Numbers of labels and texts are ids of `raw_words`.
  private static let rawReadings = """
    CREATE TABLE raw_series(
      id INTEGER PRIMARY KEY, device_id TEXT NOT NULL, field TEXT NOT NULL, UNIQUE(device_id, field)) STRICT;
    CREATE TABLE raw_words(id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE raw_groups(
      id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
      samples INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
    CREATE TABLE raw_blocks(
      id INTEGER PRIMARY KEY AUTOINCREMENT, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
      samples INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
    CREATE TABLE raw_chunks(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    """

  /// Links and devices that the API made, as entries of a configuration file; secrets are named and not in it.
  private static let additions = """
    CREATE TABLE additions(
      kind TEXT NOT NULL, id TEXT NOT NULL, entry TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER,
      PRIMARY KEY(kind, id)) STRICT, WITHOUT ROWID;
    """

  /// Pairing sessions. The token of the page is not kept, only its SHA-256.
  private static let connections = """
    CREATE TABLE connections(
      id TEXT PRIMARY KEY, token_sha256 TEXT NOT NULL UNIQUE, status TEXT NOT NULL, customer_id TEXT,
      created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER, details TEXT NOT NULL) STRICT;
    """

  /// `cursor` is the last event of which deliveries were made. `secret` is as it is, because the gateway signs with it:
  /// the file's mode protects it. Deliveries have no body: it is made of the event.
  private static let webhooks = """
    CREATE TABLE webhooks(
      id TEXT PRIMARY KEY, url TEXT NOT NULL, label TEXT NOT NULL, event_types TEXT NOT NULL, customer_id TEXT,
      secret TEXT NOT NULL, old_secret TEXT, old_secret_until INTEGER, cursor INTEGER NOT NULL,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, is_enabled INTEGER NOT NULL, disabled_reason TEXT,
      disabled_at INTEGER, failing_since INTEGER) STRICT;
    CREATE TABLE webhook_deliveries(
      id TEXT PRIMARY KEY, webhook_id TEXT NOT NULL REFERENCES webhooks(id) ON DELETE CASCADE, seq INTEGER,
      event_type TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, created_at INTEGER NOT NULL,
      last_attempt_at INTEGER, next_attempt_at INTEGER, last_status INTEGER, last_error TEXT) STRICT;
    CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries(webhook_id, created_at);
    CREATE INDEX webhook_deliveries_due ON webhook_deliveries(webhook_id, next_attempt_at) WHERE state = 'waiting';
    """

  /// What HTTP sources of carbon intensities said, by the names of the sources.
  private static let carbonIntensities = """
    CREATE TABLE carbon_intensities(
      source TEXT NOT NULL, at INTEGER NOT NULL, grams_per_kwh REAL NOT NULL,
      PRIMARY KEY(source, at)) STRICT, WITHOUT ROWID;
    """

  /// Before, quarters of an hour took the place of old minutes: what came late for these is added to them, and from
  /// their end on there are minutes. Hours and days come later, a little at a time. `WindowLevel` has their buckets.
  private static let coarseWindows = """
    CREATE TABLE hours(
      bucket INTEGER NOT NULL, series INTEGER NOT NULL, ts INTEGER NOT NULL, sum REAL NOT NULL, last REAL, min REAL,
      max REAL, samples INTEGER NOT NULL, covered_ms REAL NOT NULL, quality INTEGER NOT NULL,
      revision INTEGER NOT NULL, PRIMARY KEY(bucket, series, ts)) STRICT, WITHOUT ROWID;
    CREATE TABLE days(
      bucket INTEGER NOT NULL, series INTEGER NOT NULL, ts INTEGER NOT NULL, sum REAL NOT NULL, last REAL, min REAL,
      max REAL, samples INTEGER NOT NULL, covered_ms REAL NOT NULL, quality INTEGER NOT NULL,
      revision INTEGER NOT NULL, PRIMARY KEY(bucket, series, ts)) STRICT, WITHOUT ROWID;
    INSERT INTO marks(name, value)
      SELECT 'minutesFrom', (ts / 1800 + 1) * 1800 FROM quarters
      WHERE bucket = (SELECT max(bucket) FROM quarters) ORDER BY ts DESC LIMIT 1;
    INSERT INTO quarters(bucket, series, ts, sum, last, min, max, samples, covered_ms, quality, revision)
      SELECT ts / 86400, series, ts - ts % 900, sum, last, min, max, samples, covered_ms, quality, revision
      FROM windows WHERE bucket < (SELECT value / 600 FROM marks WHERE name = 'minutesFrom') ORDER BY ts
      ON CONFLICT(bucket, series, ts) DO UPDATE SET
        sum = sum + excluded.sum, last = coalesce(excluded.last, last), min = min(min, excluded.min),
        max = max(max, excluded.max), samples = samples + excluded.samples,
        covered_ms = covered_ms + excluded.covered_ms, quality = max(quality, excluded.quality),
        revision = revision + 1 + excluded.revision;
    DELETE FROM windows WHERE bucket < (SELECT value / 600 FROM marks WHERE name = 'minutesFrom');
    """
}
