import EnergyModel
import DeviceProfiles
import Foundation
import GatewayStore
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// A real HTTP server that tells a carbon intensity as a test says.
final class CarbonServer: Sendable {
  struct Reply: Sendable {
    var status: HTTPResponse.Status = .ok
    var body = ""
    var entityTag: String?
    var retryAfter: String?
  }

  let reply: Mutex<Reply>
  private let requests = Mutex<[HTTPFields]>([])
  private let port = Mutex(0)

  private init(_ reply: Reply) { self.reply = Mutex(reply) }

  var url: String { "http://127.0.0.1:\(port.withLock { $0 })/now" }
  /// The headers of what was asked so far.
  var asked: [HTTPFields] { requests.withLock { $0 } }

  /// Runs for the time of a test.
  static func with(_ reply: Reply, _ body: @Sendable @escaping (CarbonServer) async throws -> Void) async throws {
    let server = CarbonServer(reply)
    let router = Router()
    router.get("/now") { request, _ -> Response in
      server.requests.withLock { $0.append(request.headers) }
      let reply = server.reply.withLock { $0 }
      var headers = HTTPFields()
      if let tag = reply.entityTag { headers[.eTag] = tag }
      if let pause = reply.retryAfter { headers[.retryAfter] = pause }
      if let tag = reply.entityTag, request.headers[.ifNoneMatch] == tag {
        return Response(status: .notModified, headers: headers)
      }
      return Response(
        status: reply.status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: reply.body)))
    }
    try await serving(router) { port in
      server.port.withLock { $0 = port }
      try await body(server)
    }
  }
}

@Suite("Carbon intensity over HTTP", .timeLimit(.minutes(1)))
struct CarbonTests {
  private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

  private func paths(
    _ time: String, _ value: String, _ unit: CarbonRequest.Unit = .gramsPerKWh
  ) throws -> CarbonRequest.Paths {
    .init(time: try #require(.init(time)), value: try #require(.init(value)), unit: unit)
  }

  @Test("Times and values are found where the paths say, as objects in a list, as two lists, or as one object")
  func documents() throws {
    let list = """
      {"data": [{"from": "2026-05-01T10:00Z", "intensity": {"forecast": 266, "actual": 263}},
                {"from": "2026-05-01T10:30Z", "intensity": {"forecast": 270, "actual": null}}]}
      """
    let forecast = try CarbonSeries(json: list, at: try paths("/data/*/from", "/data/*/intensity/forecast"))
    #expect(try forecast.intensity(at: time("2026-05-01T10:45:00Z")) == 270)
    let actual = try CarbonSeries(json: list, at: try paths("/data/*/from", "/data/*/intensity/actual"))
    #expect(actual.points == [.init(at: try time("2026-05-01T10:00:00Z"), gramsPerKWh: 263)])
    let lists = #"{"unix_seconds": [1777629600, 1777630500], "co2eq": [300.5, 200], "deprecated": false}"#
    let parallel = try CarbonSeries(json: lists, at: try paths("/unix_seconds/*", "/co2eq/*"))
    #expect(parallel.points.map(\.gramsPerKWh) == [300.5, 200])
    #expect(parallel.points.first?.at == (try time("2026-05-01T10:00:00Z")))
    let single = #"{"zone": "DE", "datetime": "2026-05-01T10:00:00.350Z", "value": "1000"}"#
    let pounds = try CarbonSeries(json: single, at: try paths("/datetime", "/value", .poundsPerMWh))
    #expect(abs((pounds.points.first?.gramsPerKWh ?? 0) - 453.59237) < 1e-9)
  }

  @Test("A document that does not fit says at which path and element")
  func misfits() throws {
    for (text, timePath, valuePath, place) in [
      ("no JSON", "/t", "/v", "not JSON"), (#"{"t": 1}"#, "/t", "/v", "nothing at /v (value)"),
      (#"{"d": [{"t": "noon", "v": 1}]}"#, "/d/*/t", "/d/*/v", "/d/*/t, element 0: \"noon\" is not a time"),
      (#"{"d": [{"t": 1, "v": true}]}"#, "/d/*/t", "/d/*/v", "/d/*/v, element 0: true is not a number"),
      (#"{"d": [{"t": 1, "v": -3}]}"#, "/d/*/t", "/d/*/v", "/d/*/v, element 0: -3.0 g/kWh"),
      (#"{"d": [{"t": 1, "v": null}]}"#, "/d/*/t", "/d/*/v", "no value at /d/*/v"),
      (#"{"t": [1, 2], "v": [1]}"#, "/t/*", "/v/*", "2 times at /t/* and 1 values at /v/*"),
      (#"{"d": 7}"#, "/d/*/t", "/d/*/v", "nothing at /d/*/t (time)"),
      (#"{"t": 1e300, "v": 1}"#, "/t", "/v", "is not a time"),
    ] {
      let paths = try paths(timePath, valuePath)
      #expect {
        try CarbonSeries(json: text, at: paths)
      } throws: { error in
        let message = (error as? CarbonSeries.Failure)?.message ?? ""
        if !message.contains(place) { Issue.record("'\(message)' does not say '\(place)'") }
        return true
      }
    }
  }

  @Test("A value holds until the next, but not over a gap: there the intensity is not known")
  func gaps() throws {
    let start = try time("2026-05-01T10:00:00Z")
    let hours = [0, 1, 2, 10, 11].map {
      CarbonSeries.Point(at: start.advanced(byMilliseconds: $0 * 3_600_000), gramsPerKWh: 1)
    }
    let series = CarbonSeries(hours, longestHoldMilliseconds: 3 * 3_600_000)
    func known(_ hour: Double) -> Bool {
      series.intensity(at: start.advanced(byMilliseconds: Int64(hour * 3_600_000))) != nil
    }
    #expect([0, 1.5, 4.9, 10, 11.9].allSatisfy(known) && ![-0.1, 5, 9.9, 12].contains(where: known))
    let end = start.advanced(byMilliseconds: 12 * 3_600_000)
    #expect(abs(series.coverage(from: start, to: end) - 7.0 / 12) < 1e-9)
    let cuts = series.changes(from: start, to: end).map { $0.millisecondsSince(start) / 3_600_000 }
    #expect(cuts == [1, 2, 5, 10, 11])
  }

  @Test(
    "A source is asked with its secret and only for news; without an answer what it said stays, also after a restart")
  func feed() async throws {
    let bench = try await EventBench()
    let answer =
      #"[{"time": "2026-05-01T09:00:00Z", "gramsPerKWh": 100}, {"time": "2026-05-01T10:00:00Z", "gramsPerKWh": 200}]"#
    try await CarbonServer.with(.init(body: answer, entityTag: "\"1\"")) { server in
      var request = CarbonRequest(
        url: Secret(server.url + "?token=s3cret"), shownURL: "http://x/now?token=${credential:t}")
      request.headers = ["Auth-Token": Secret("s3cret")]
      request.interval = .seconds(600)
      let source = CarbonSource(name: "grid", series: CarbonSeries([]), request: request)
      let book = CarbonBook()
      let feed = CarbonFeed(
        book: book, store: bench.store, time: bench.clock.source, random: { 0 }, logger: bench.logger)
      await feed.follow([source])
      await bench.clock.untilSleeping(1)
      #expect(book.sources.first?.series.points.map(\.gramsPerKWh) == [100, 200])
      let name = try #require(HTTPField.Name("Auth-Token"))
      #expect(server.asked.first?[name] == "s3cret")

      bench.clock.advance(by: .seconds(600))
      await bench.clock.untilSleeping(1)
      #expect(server.asked.count == 2 && server.asked.last?[.ifNoneMatch] == "\"1\"")
      #expect(book.sources.first?.problem == nil && book.sources.first?.series.points.count == 2)

      // The same source again is not asked anew by a reload.
      await feed.follow([source])
      #expect(book.sources.first?.series.points.count == 2)

      server.reply.withLock { $0 = .init(status: .tooManyRequests, retryAfter: "1200") }
      bench.clock.advance(by: .seconds(600))
      await bench.clock.untilSleeping(1)
      #expect(book.sources.first?.problem == "http://x/now?token=${credential:t}: it answers with HTTP 429")
      #expect(book.sources.first?.series.points.count == 2 && server.asked.count == 3)
      bench.clock.advance(by: .seconds(1199))
      #expect(server.asked.count == 3)

      server.reply.withLock { $0 = .init(body: String(repeating: " ", count: CarbonClient.maxAnswerBytes + 1)) }
      bench.clock.advance(by: .seconds(1))
      await bench.clock.untilSleeping(1)
      #expect(book.sources.first?.problem?.hasSuffix("its answer has more than 8 MiB") == true)

      server.reply.withLock { $0 = .init(body: #"{"time": "2026-05-01T11:00:00Z", "gramsPerKWh": 300}"#) }
      bench.clock.advance(by: .seconds(600))
      await bench.clock.untilSleeping(1)
      #expect(book.sources.first?.problem == nil)
      await feed.stop()

      request.url = Secret("http://127.0.0.1:1/now")
      let next = CarbonBook()
      let again = CarbonFeed(
        book: next, store: bench.store, time: bench.clock.source, random: { 0 }, logger: bench.logger)
      await again.follow([CarbonSource(name: "grid", series: CarbonSeries([]), request: request)])
      #expect(next.sources.first?.series.points.map(\.gramsPerKWh) == [100, 200, 300])
      await bench.clock.untilSleeping(1)
      #expect(next.sources.first?.problem?.isEmpty == false)
      await again.stop()
    }
    #expect(try await bench.store.removeCarbon(before: bench.clock.now.advanced(byMilliseconds: -1)) > 0)
    try await bench.store.close()
  }

  @Test("The configuration says where to ask and where the numbers are; secrets come from credentials")
  func configuration() throws {
    let bench = try ConfigurationTests.Bench()
    try bench.writeCredential("emap", "abc", mode: 0o600)
    let (configuration, findings) = bench.read(
      """
      carbonIntensity:
        - name: grid
          http:
            url: https://api.example.com/v3/latest?key=${credential:emap}
            headers: {auth-token: "${credential:emap}", Accept-Language: en}
            interval: 30 min
            time: /data/*/datetime
            value: /data/*/carbonIntensity
            unit: poundsPerMWh
      """)
    #expect(findings == [])
    let source = try #require(configuration?.carbon.first)
    let request = try #require(source.request)
    #expect(source.name == "grid" && request.url.value == "https://api.example.com/v3/latest?key=abc")
    #expect(request.shownURL == "https://api.example.com/v3/latest?key=${credential:emap}")
    #expect(request.headers["auth-token"]?.value == "abc" && request.headers["Accept-Language"]?.value == "en")
    let places = try paths("/data/*/datetime", "/data/*/carbonIntensity", .poundsPerMWh)
    #expect(request.interval == .seconds(1800) && request.paths == places)
    let wrong = bench.read(
      """
      carbonIntensity:
        - {name: a, http: {url: "ftp://x"}}
        - {name: b, http: {url: "https://u:p@x"}, sites: []}
        - {name: c, http: {url: "https://x", headers: {Authorization: Bearer abc}}, sites: []}
        - {name: d, http: {url: "https://x", time: /a/*/b, value: /c}, sites: []}
        - {name: d, http: {url: "https://x", interval: 1 s, time: "a", value: "/b"}, sites: []}
        - {name: e, http: {url: "https://x?k=${credential:none}"}, sites: []}
        - {http: {url: "https://x"}, file: x.csv, sites: []}
      """)
    #expect(wrong.configuration == nil)
    for words in [
      "'ftp://x' is not an address", "must not have a user or password", "is a secret and must not stand",
      "time and value must both", "must be between 1 min and 7 d", "'a' is not a path", "have the name 'd'",
      "there is no credential 'none'", "not both",
    ] {
      #expect(wrong.findings.contains { $0.contains(words) }, "\(words)")
    }
  }
}
