import EnergyModel
import LocalAPISchema

/// The status in Prometheus' text format.
struct PrometheusText {
  private var text = ""

  /// - Parameter limited: requests that were refused, by key.
  static func render(_ status: GatewayStatus, streamClients: Int, limited: [String: UInt64] = [:]) -> String {
    var output = PrometheusText()
    output.addGateway(status, streamClients: streamClients)
    output.addLinks(status.links)
    output.addPolls(status.links)
    output.addDevices(status.devices)
    output.metric("heddle_dropped_total", "counter", "What was dropped since the start, by cause.") {
      status.drops.sorted { $0.key < $1.key }.map { ([("cause", $0.key)], Double($0.value)) }
    }
    output.metric("heddle_api_rate_limited_total", "counter", "Requests above the rate limit, by key.") {
      limited.sorted { $0.key < $1.key }.map { ([("key", $0.key)], Double($0.value)) }
    }
    return output.text
  }

  private mutating func addGateway(_ status: GatewayStatus, streamClients: Int) {
    metric("heddle_build_info", "gauge", "The version of the program.") { [([("version", status.version)], 1)] }
    metric("heddle_start_time_seconds", "gauge", "When the daemon started, Unix time.") {
      [([], status.startedAt.seconds)]
    }
    metric("heddle_store_bytes", "gauge", "Size of the database on disk.") { [([], Double(status.store.bytes))] }
    addStorage(status.store)
    metric("heddle_store_pending_windows", "gauge", "Aggregates that wait to be written.") {
      [([], Double(status.store.pendingWindows))]
    }
    metric("heddle_store_failing", "gauge", "1 while writing does not work.") {
      [([], status.store.lastError == nil ? 0 : 1)]
    }
    metric("heddle_open_alerts", "gauge", "What a person has to look at.") { [([], Double(status.openAlerts))] }
    metric("heddle_stream_clients", "gauge", "Clients of the event stream.") { [([], Double(streamClients))] }
  }

  private mutating func addStorage(_ store: StoreStatus) {
    func figure(_ name: String, type: String = "gauge", _ help: String, _ value: Int64?) {
      metric(name, type, help) { value.map { [([], Double($0))] } ?? [] }
    }
    figure("heddle_store_used_bytes", "Bytes of the database that are in use.", store.usedBytes)
    figure("heddle_disk_free_bytes", "Bytes that are free on the disk of the database.", store.freeBytes)
    figure("heddle_written_bytes_total", type: "counter", "Bytes written to disks since the start.", store.writtenBytes)
    figure(
      "heddle_written_bytes_per_day", "Bytes written to disks in a day, by the mean since the start.",
      store.writtenBytesPerDay)
    figure("heddle_raw_readings", "Raw readings that are kept.", store.rawReadings.map(Int64.init))
    figure("heddle_raw_recording", "1 while raw readings are written.", store.isKeepingRaw ? 1 : 0)
  }

  private mutating func addLinks(_ links: [LinkStatus]) {
    func labels(_ link: LinkStatus) -> [(String, String)] { [("link", link.id), ("transport", link.transport)] }
    metric("heddle_link_connected", "gauge", "Whether the link's socket or session is up.") {
      links.map { (labels($0), $0.isConnected ? 1 : 0) }
    }
    metric("heddle_link_exchanges_total", "counter", "Requests sent or messages received.") {
      links.map { (labels($0), Double($0.exchanges)) }
    }
    metric("heddle_link_errors_total", "counter", "Exchanges that failed, by kind.") {
      links.flatMap { link in
        link.errors.sorted { $0.key < $1.key }.map { (labels(link) + [("kind", $0.key)], Double($0.value)) }
      }
    }
    metric("heddle_link_connects_total", "counter", "Connections made.") {
      links.map { (labels($0), Double($0.connects)) }
    }
    metric("heddle_link_busy_ratio", "gauge", "Share of time that the bus was busy, 0 to 1.") {
      links.compactMap { link in link.busyShare.map { (labels(link), $0) } }
    }
  }

  private typealias Sample = (labels: [(String, String)], value: Double)

  private static func quantiles(_ labels: [(String, String)], _ measured: MeasuredSeconds?) -> [Sample] {
    guard let measured else { return [] }
    return [(labels + [("quantile", "0.5")], measured.p50), (labels + [("quantile", "0.95")], measured.p95)]
  }

  private mutating func addPolls(_ links: [LinkStatus]) {
    metric("heddle_link_requests_per_second", "gauge", "Exchanges in a second over the last minute.") {
      links.compactMap { link in
        link.requestsPerSecond.map { ([("link", link.id), ("transport", link.transport)], $0) }
      }
    }
    metric("heddle_link_response_seconds", "gauge", "How long answers took in the last minutes, by quantile.") {
      links.flatMap { Self.quantiles([("link", $0.id), ("transport", $0.transport)], $0.responseSeconds) }
    }
    let endpoints = links.flatMap { link in
      link.endpoints.map {
        (labels: [("link", link.id), ("devices", $0.devices.joined(separator: "+"))], endpoint: $0)
      }
    }
    metric("heddle_endpoint_response_seconds", "gauge", "How long answers of an endpoint took, by quantile.") {
      endpoints.flatMap { Self.quantiles($0.labels, $0.endpoint.responseSeconds) }
    }
    metric("heddle_endpoint_timeout_seconds", "gauge", "The time that an answer of an endpoint has now.") {
      endpoints.compactMap { entry in entry.endpoint.timeoutSeconds.map { (entry.labels, $0) } }
    }
    let polls = endpoints.flatMap { entry in
      entry.endpoint.polls.map { (labels: entry.labels + [("class", $0.pollClass)], poll: $0) }
    }
    metric("heddle_poll_interval_seconds", "gauge", "From one complete poll to the next, by quantile.") {
      polls.flatMap { Self.quantiles($0.labels, $0.poll.intervalSeconds) }
    }
    metric("heddle_poll_delay_seconds", "gauge", "From the due time of a poll to its last answer, by quantile.") {
      polls.flatMap { Self.quantiles($0.labels, $0.poll.delaySeconds) }
    }
    metric("heddle_polls_total", "counter", "Complete polls.") { polls.map { ($0.labels, Double($0.poll.count)) } }
    metric("heddle_polls_late_total", "counter", "Polls that were complete only when the next one was due.") {
      polls.map { ($0.labels, Double($0.poll.late)) }
    }
    metric(
      "heddle_polls_skipped_total", "counter",
      "Polls that were left out: the one before was under way, or nobody had room."
    ) {
      polls.map { ($0.labels, Double($0.poll.skipped)) }
    }
  }

  private mutating func addDevices(_ devices: [DeviceStatus]) {
    metric("heddle_device_connectivity", "gauge", "1 for the state that the device is in.") {
      devices.flatMap { device in
        Connectivity.State.allCases.map { state in
          (
            [("device", device.id), ("type", device.type.rawValue), ("state", state.rawValue)],
            device.connectivity == state ? 1 : 0
          )
        }
      }
    }
    metric("heddle_device_age_seconds", "gauge", "Seconds since the device was last heard.") {
      devices.compactMap { device in
        device.ageSeconds.map { ([("device", device.id), ("type", device.type.rawValue)], $0) }
      }
    }
  }

  private mutating func metric(
    _ name: String, _ type: String, _ help: String, _ samples: () -> [(labels: [(String, String)], value: Double)]
  ) {
    let samples = samples()
    guard !samples.isEmpty else { return }
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    for sample in samples {
      let labels = sample.labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
      text += name + (labels.isEmpty ? "" : "{\(labels)}") + " \(ScalarValue.number(sample.value))\n"
    }
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
