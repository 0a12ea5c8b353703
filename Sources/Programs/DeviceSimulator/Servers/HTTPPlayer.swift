import HTTPTypes
import Hummingbird
public import Logging
import NIOCore
public import TimeSource

/// A simulated vendor API on a port of its own.
public struct HTTPPlayer: Sendable {
  private let simulation: Simulation
  private let endpoint: EndpointIndex
  private let host: String
  private let port: Int
  private let logger: Logger
  private let time: TimeSource
  private let gate: LoginGate?

  /// A request with a larger body is refused.
  static let maxBodyBytes = 64 * 1024
  /// A silent device keeps a request open for so long, longer than any client waits.
  static let silenceLasts = Duration.seconds(60)

  /// - Parameter port: 0 lets the kernel choose.
  public init(
    simulation: Simulation, endpoint: EndpointIndex, host: String, port: Int, time: TimeSource, logger: Logger
  ) {
    self.simulation = simulation
    self.endpoint = endpoint
    self.host = host
    self.port = port
    self.logger = logger
    self.time = time
    gate = simulation.profile(of: endpoint).flatMap { LoginGate($0, time: time) }
  }

  /// Serves until the task is cancelled.
  ///
  /// - Parameter onListening: called once with the port.
  public func serve(onListening: @escaping @Sendable (Int) -> Void) async throws {
    let responder = CallbackResponder { [simulation, endpoint, time, gate] (request: Request, _: BasicRequestContext) in
      let buffer = try await request.body.collect(upTo: Self.maxBodyBytes)
      var path = request.uri.string
      var body = String(buffer: buffer)
      if let gate {
        let fields = request.headers.map { (name: $0.name.rawName, value: $0.value) }
        switch gate.pass(method: request.method.rawValue, path: path, headers: fields, body: body) {
        case .answered(let answer): return Self.response(answer)
        case .passed(let innerPath, let innerBody): (path, body) = (innerPath, innerBody)
        }
      }
      let answer = simulation.answer(method: request.method.rawValue, path: path, body: body, at: endpoint)
      return try await Self.response(answer, time: time)
    }
    let application = Application(
      responder: responder, configuration: .init(address: .hostname(host, port: port)),
      onServerRunning: { channel in onListening(channel.localAddress?.port ?? 0) }, logger: logger)
    try await application.run()
  }

  private static func response(_ answer: HTTPAnswer, time: TimeSource) async throws -> Response {
    switch answer {
    case .response(let status, let contentType, let body):
      return Response(
        status: .init(code: status), headers: [.contentType: contentType],
        body: .init(byteBuffer: ByteBuffer(string: body)))
    case .silence:
      try await time.sleep(for: silenceLasts)
      return tornResponse
    case .hangUp: return tornResponse
    }
  }

  private static func response(_ answer: LoginGate.Answer) -> Response {
    var headers: HTTPFields = [.contentType: "application/json"]
    for (name, value) in answer.headers {
      if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
    }
    return Response(
      status: .init(code: answer.status), headers: headers, body: .init(byteBuffer: ByteBuffer(string: answer.body)))
  }

  /// The connection ends within the answer.
  private static var tornResponse: Response {
    Response(status: .ok, body: .init(contentLength: 1000) { _ in throw TornAnswer() })
  }

  private struct TornAnswer: Error {}
}
