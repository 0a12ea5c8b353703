import AdapterKit
import DeviceProfiles
import EnergyModel
import Logging
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import HTTPAdapter

@Suite("Logins", .timeLimit(.minutes(1)))
struct LoginTests {
  /// A token for the header, a refresh token, a lifetime from the answer and a logout.
  static let transport = """
    headers: {Authorization: "Bearer ${login.token}"}
    login:
      steps:
        - post: /token
          form: {user: $user, password: $password}
          reason: /error
          keep: {token: /access, next: /refresh}
      refresh:
        post: /token
        form: {refresh: "${login.next}"}
        keep: {token: /access, next: /refresh}
      lifetime: /expires
      logout: {post: /logout, json: {token: "${login.token}"}}
    """
  static let parameters: [String: ScalarValue] = ["user": .text("me"), "password": .text("hush & hush")]

  /// A device that gives out numbered tokens and takes only the last one.
  final class Device: Sendable {
    private let state = Mutex((count: 0, isLocked: false))
    var logins: Int { state.withLock { $0.count } }
    func forgetSession() { state.withLock { $0.count += 100 } }
    func lock() { state.withLock { $0.isLocked = true } }

    func reply(_ request: DeviceServer.Request) -> DeviceServer.Reply {
      state.withLock { state in
        if request.target == "/token" {
          if state.isLocked { return .answer(status: 401, body: #"{"error": "bad hush & hush"}"#) }
          state.count += 1
          return .json(#"{"access": "token \#(state.count)", "refresh": "next-\#(state.count)", "expires": 3600}"#)
        }
        if request.target == "/logout" { return .json("{}") }
        guard request.headers.first(name: "Authorization") == "Bearer token \(state.count)" else {
          return .answer(status: 401)
        }
        return .json(request.method == "GET" ? TestProfile.warm : #"{"success": true}"#)
      }
    }
  }

  @Test("A login comes first, its token goes out with every request, and stopping logs out")
  func tokenAndLogout() async throws {
    let device = Device()
    let targets = Mutex<[String]>([])
    let server = try await DeviceServer { device.reply($0) }
    let bench = TestBench()
    let profile = try TestProfile.bound(transport: Self.transport, parameters: Self.parameters)
    let link = try bench.link(to: server, profile: profile)
    await link.start()
    await bench.sink.untilBatches(1)
    bench.clock.advance(by: .seconds(2))
    await bench.sink.untilBatches(2)
    await link.stop()
    targets.withLock { $0 = server.requests.map(\.target) }
    #expect(targets.withLock { $0 } == ["/token", "/info", "/info", "/logout"])
    #expect(server.requests[0].body == "user=me&password=hush+%26+hush")
    #expect(server.requests[0].headers["Authorization"].isEmpty)
    #expect(server.requests[1].headers["Authorization"] == ["Bearer token 1"])
    #expect(server.requests[3].body == #"{"token":"token 1"}"#)
    await server.stop()
  }

  @Test("Before its end a session is renewed with the rotating refresh token")
  func refresh() async throws {
    let device = Device()
    try await withDevice(
      transport: Self.transport, parameters: Self.parameters, script: { device.reply($0) },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        bench.clock.advance(by: .seconds(3530))
        await bench.sink.untilBatches(2)
        #expect(device.logins == 1)
        bench.clock.advance(by: .seconds(10))
        await bench.sink.untilBatches(3)
        bench.clock.advance(by: .seconds(3540))
        await bench.sink.untilBatches(4)
        let bodies = server.requests.filter { $0.target == "/token" }.map(\.body)
        #expect(bodies.dropFirst() == ["refresh=next-1", "refresh=next-2"])
        #expect(server.requests.last?.headers["Authorization"] == ["Bearer token 3"])
        let errors = await link.statistics().errors
        #expect(errors.isEmpty)
      })
  }

  @Test("A session that the device forgot is opened again, and the rejected poll and command are sent once more")
  func renewal() async throws {
    let device = Device()
    try await withDevice(
      transport: Self.transport, parameters: Self.parameters, script: { device.reply($0) },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        device.forgetSession()
        bench.clock.advance(by: .seconds(2))
        await bench.sink.untilBatches(2)
        #expect(server.requests.map(\.target) == ["/token", "/info", "/info", "/token", "/info"])
        device.forgetSession()
        try await link.execute(
          [.request(HTTPRequestData(method: "POST", path: "/set", expect: []))], on: .device)
        #expect(server.requests.map(\.target).suffix(3) == ["/set", "/token", "/set"])
        let statistics = await link.statistics()
        #expect(statistics.errors == ["session ended": 2])
        #expect(bench.sink.events.lastConnectivity(of: .device)?.state == .online)
      })
  }

  @Test("A wrong password is tried seldom, and neither it nor the token is told to anybody")
  func wrongPassword() async throws {
    let device = Device()
    device.lock()
    try await withDevice(
      transport: Self.transport, parameters: Self.parameters, script: { device.reply($0) },
      body: { server, link, bench in
        let connectivity = await bench.sink.untilReason("login")
        #expect(connectivity.lastError?.contains("hush") == false)
        await #expect(throws: CommandFault.self) { try await link.refresh(.device) }
        for expected in [2, 3] {
          // Ten minutes, then twenty.
          bench.clock.advance(by: .seconds(expected == 2 ? 590 : 1190))
          await until(link) { $0.isIdle }
          #expect(server.requests.count == expected - 1)
          bench.clock.advance(by: .seconds(20))
          await server.untilRequests(expected)
          await until(link) { $0.errors["login failed"] == UInt64(expected) }
        }
        #expect(!bench.logs.text.contains("hush"))
        let errors = await link.statistics().errors
        #expect(errors["login failed"] == 3)
      })
  }

  @Test("A request that is refused for good does not make the gateway log in again and again")
  func refusedForGood() async throws {
    let logins = Mutex(0)
    try await withDevice(
      transport: Self.transport, requests: "info: {get: /info, poll: fast}\nmore: {get: /more, poll: fast}",
      parameters: Self.parameters,
      script: { request in
        if request.target == "/token" {
          logins.withLock { $0 += 1 }
          return .json(#"{"access": "t", "refresh": "n", "expires": 36000}"#)
        }
        return request.target == "/more" ? .answer(status: 403) : .json(TestProfile.warm)
      },
      body: { _, link, bench in
        await bench.sink.untilBatches(1)
        for _ in 0..<50 {
          bench.clock.advance(by: .seconds(2))
          await until(link) { $0.isIdle }
        }
        // At once, then after one minute; the next would come after two more.
        #expect(logins.withLock { $0 } <= 4)
        #expect(bench.sink.events.lastConnectivity(of: .device)?.state == .degraded)
      })
  }

  @Test("Tokens, lifetimes and refusals are found in an answer that is not JSON")
  func otherFormat() async throws {
    let transport = """
      headers: {Authorization: "Bearer ${login.token}"}
      login:
        steps:
          - {post: /token, form: {user: $user}, format: xml, expect: {/login/ok: "1"}, keep: {token: /login/@token}}
        lifetime: /login/seconds
        renewOn: {/ret: NO SESSION}
      """
    try await withDevice(
      transport: transport, requests: "info: {get: /info, format: keyvalue, poll: fast}",
      parameters: ["user": .text("me")],
      script: { request in
        switch (request.target, request.headers["Authorization"].first) {
        case ("/token", _):
          .answer(body: "<?xml version='1.0'?><login token='t&amp;1'><ok>1</ok><seconds>3600</seconds></login>")
        case (_, "Bearer t&1"): .answer(body: "ret=OK,temp=21")
        default: .answer(body: "ret=NO SESSION")
        }
      },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        #expect(bench.sink.events.value("ambientTemperatureC") == .number(21))
        bench.clock.advance(by: .seconds(3530))
        await bench.sink.untilBatches(2)
        #expect(server.requests.count { $0.target == "/token" } == 1)
        server.setScript { $0.target == "/token" ? .answer(status: 500) : .answer(body: "ret=NO SESSION") }
        bench.clock.advance(by: .seconds(2))
        await server.untilRequests(5)
        #expect(server.requests.last?.target == "/token", "the session is over")
      })
  }

  @Test("Cookies of the login go back to the device; a value in a 200 can say that the session is over")
  func cookies() async throws {
    let sessions = Mutex(0)
    try await withDevice(
      transport: """
        login:
          cookies: true
          renewOn: [401, {/err: 401}]
          lifetime: 12 h
          steps:
            - {get: /start, page: true}
            - {post: /login, json: {pin: "1234"}, keep: {id: {cookie: SID}}}
        """,
      requests: #"info: {get: "/info?sid=${login.id}", poll: fast}"#,
      script: { request in
        switch request.target {
        case "/start":
          let cookies = ["lang=de; Path=/", "old=1; Max-Age=0"]
          return .answer(headers: cookies.map { ("Set-Cookie", $0) }, body: "<html>")
        case "/login":
          let count = sessions.withLock { count in
            count += 1
            return count
          }
          return .answer(headers: [("Set-Cookie", "SID=s/\(count); HttpOnly; Secure")], body: "{}")
        default:
          let count = sessions.withLock { $0 }
          guard request.headers.first(name: "Cookie") == "lang=de; SID=s/\(count)", count != 1 else {
            return .json(#"{"err": 401}"#)
          }
          return .json(TestProfile.warm)
        }
      },
      body: { server, _, bench in
        await bench.sink.untilBatches(1)
        #expect(
          server.requests.map(\.target) == [
            "/start", "/login", "/info?sid=s/1", "/start", "/login", "/info?sid=s/2",
          ])
        #expect(server.requests[1].headers["Cookie"] == ["lang=de"])
      })
  }

  @Test("What has to outlive the program is given to the store, and used at the next start")
  func store() async throws {
    let store = MemoryStore()
    let device = Device()
    let text = Self.transport.replacing("  lifetime:", with: "  lasting: [next]\n  lifetime:")
    let server = try await DeviceServer { device.reply($0) }
    for start in 1...2 {
      let bench = TestBench()
      let profile = try TestProfile.bound(transport: text, parameters: Self.parameters)
      let link = HTTPLink(
        configuration: try HTTPLinkConfiguration(url: server.url),
        endpoints: [EndpointSpecification(id: .device, profile: profile)], sink: bench.sink, store: store,
        time: bench.clock.source, random: { 0 }, logger: .init(label: "test") { _ in LogRecorder(text: bench.logs) })
      await link.start()
      await bench.sink.untilBatches(1)
      await link.stop()
      #expect(store.kept == ["next": "next-\(start)"])
    }
    #expect(server.requests.filter { $0.target == "/token" }.map(\.body).last == "refresh=next-1")
    await server.stop()
  }

  final class MemoryStore: LoginStore {
    private let state = Mutex<[String: String]>([:])
    var kept: [String: String] { state.withLock { $0 } }
    func values(of endpoint: EndpointID) -> [String: String] { kept }
    func keep(_ values: [String: String], of endpoint: EndpointID) { state.withLock { $0 = values } }
  }
}

@Suite("Cookies")
struct CookieJarTests {
  @Test("Only whole cookies are kept, in bounds, and taken back on request")
  func jar() {
    var jar = CookieJar()
    jar.take(["Set-Cookie": "a=1; Path=/", "Set-Cookie": "b=x=y ; Secure", "Set-Cookie": "=none", "set-cookie": ""])
    #expect(jar.header == "a=1; b=x=y")
    jar.take(["Set-Cookie": "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Set-Cookie": "c=\u{1}"])
    #expect(jar.header == "b=x=y")
    for index in 0..<100 { jar.take(["Set-Cookie": "n\(index)=\(String(repeating: "x", count: index * 100))"]) }
    #expect(jar.values.count == CookieJar.maxCookies)
  }
}
