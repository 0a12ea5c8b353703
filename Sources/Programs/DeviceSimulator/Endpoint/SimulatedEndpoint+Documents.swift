import DeviceProfiles
import EnergyModel

extension SimulatedEndpoint {
  // MARK: MQTT

  /// What the device publishes now.
  var messages: [SimulatedMessage] {
    guard let documents else { return [] }
    return documents.documents.compactMap { document in
      guard let bytes = documents.bytes(document),
        !documents.availability.contains(where: { $0.topic == document.name })
      else { return nil }
      return SimulatedMessage(
        topic: document.name, bytes: faults.servesHTML ? Array("<html>busy</html>".utf8) : bytes)
    }
  }

  /// How the device appears to the broker.
  var mqttIdentity: MQTTIdentity? {
    guard case .mqtt = bound.profile.transport, let documents else { return nil }
    var topics: [String] = []
    if case .mqtt(let settings) = bound.profile.transport {
      topics += settings.requests.map { filter($0.message.topic) }
    }
    for step in bound.profile.parts.flatMap(\.allSteps) {
      if case .publish(let message) = step { topics.append(filter(message.topic)) }
    }
    var unique: [String] = []
    for topic in topics where !unique.contains(topic) { unique.append(topic) }
    return MQTTIdentity(
      clientID: "simulated-\(name)", availability: documents.availability, subscriptions: unique)
  }

  /// A filter for a topic that is published: levels with expressions in them may be anything.
  private func filter(_ topic: TextTemplate) -> String {
    switch topic {
    case .literal(let text): DocumentImage.filled(text, bound)
    case .expression: "#"
    case .mixed(let pieces):
      pieces.map { piece in
        if case .text(let text) = piece { DocumentImage.filled(text, bound) } else { "+" }
      }.joined().split(separator: "/", omittingEmptySubsequences: false)
        .map { $0.contains("+") ? "+" : String($0) }.joined(separator: "/")
    }
  }

  /// Takes a message. Returns whether the device answers with its state.
  mutating func receive(
    _ message: SimulatedMessage, home: inout SimulatedHome, monotonic: Duration, now: Timestamp
  ) -> Bool {
    observe(now)
    let asksForState = bound.polledPublishes.indices.contains { index in
      guard case .publish(let asked)? = decoder.stateRequest(index) else { return false }
      return asked.topic == message.topic && asked.payload(at: now) == message.bytes
    }
    if faults.ignoresWrites { return asksForState }
    let recognised = recognise { step, match in
      guard case .publish(let template) = step,
        let topicPairs = match.pair(template.topic, observed: .text(message.topic)),
        let pairs = match.pairs(template.content, payload: message.bytes)
      else { return nil }
      return topicPairs + pairs
    }
    for command in recognised.commands { perform(command, home: &home, monotonic: monotonic) }
    if recognised.isKnown { reply(to: message) }
    return asksForState || recognised.isKnown
  }

  /// Says that a command was done, in the way in which its step waits for it.
  private mutating func reply(to message: SimulatedMessage) {
    let match = PayloadMatch(bound: bound)
    for case .publish(let template) in bound.profile.parts.flatMap(\.allSteps) {
      guard let reply = template.reply, match.pair(template.topic, observed: .text(message.topic)) != nil,
        match.pairs(template.content, payload: message.bytes) != nil
      else { continue }
      var tree = JSONTree.scalar(.null)
      for said in reply.match + reply.expect where said.equals != .null {
        tree.set(said.equals, at: DocumentImage.path(said.path, bound))
      }
      let bytes =
        if case .scalar(let value) = tree { Array(JSONTree.plain(value).utf8) } else {
          DocumentWriter.bytes(tree, as: reply.format)
        }
      replies.append(SimulatedMessage(topic: DocumentImage.topic(reply.topic, bound), bytes: bytes))
      return
    }
  }

  // MARK: HTTP

  /// Answers a request.
  mutating func answer(
    method: String, path: String, body: String, home: inout SimulatedHome, monotonic: Duration, now: Timestamp
  ) -> HTTPAnswer {
    if faults.servesHTML {
      return .response(status: 200, contentType: "text/html", body: "<html><body>Please log in</body></html>")
    }
    if let answer = polledAnswer(method: method, path: path, body: body) { return answer }
    if let answer = objectToModify(method: method, path: path) { return answer }
    guard let step = commandRequest(method: method, path: path) else {
      return .response(status: 404, contentType: "text/plain", body: "no such path: \(path)\n")
    }
    observe(now)
    let recognised = recognise { step, match in
      if case .modify(let change) = step {
        guard change.write.method == method, let pathPairs = match.path(change.write.path, observed: path),
          let pairs = match.pairs(changes: change.changes, payload: body)
        else { return nil }
        return pathPairs + pairs
      }
      guard case .request(let request) = step, request.method == method,
        let pathPairs = match.path(request.path, observed: path),
        let pairs = Self.pairs(request.body, match, payload: body)
      else { return nil }
      return pathPairs + pairs
    }
    if !faults.ignoresWrites {
      for command in recognised.commands { perform(command, home: &home, monotonic: monotonic) }
    }
    return recognised.isKnown ? Self.acknowledgement(of: recognised.request ?? step) : Self.refusal(of: step)
  }

  private static func pairs(
    _ body: HTTPRequestTemplate.Body, _ match: PayloadMatch, payload: String
  ) -> [CommandMatcher.Pair]? {
    switch body {
    case .none: []
    case .json(let template): match.pairs(template, payload: payload)
    case .form(let fields): match.pairs(form: fields, payload: payload)
    }
  }

  private func polledAnswer(method: String, path: String, body: String) -> HTTPAnswer? {
    guard let documents else { return nil }
    let polled = documents.requests.first { polled in
      polled.request.method == method
        && PayloadMatch.decoded(path: polled.request.path) == PayloadMatch.decoded(path: path)
        && (polled.request.body == nil || polled.request.body == body)
    }
    guard let polled, let document = documents.documents.first(where: { $0.name == polled.name }),
      let bytes = documents.bytes(document)
    else { return nil }
    return .response(
      status: 200, contentType: "application/json", body: String(decoding: bytes, as: UTF8.self))
  }

  /// An object that no poll asks for, with the places that a command changes.
  private func objectToModify(method: String, path: String) -> HTTPAnswer? {
    for part in bound.profile.parts {
      for step in part.commands.flatMap(\.steps) + (part.defaultState?.steps ?? []) {
        guard case .modify(let change) = step, method == change.read.method,
          PayloadMatch(bound: bound).path(change.read.path, observed: path) != nil
        else { continue }
        var tree = JSONTree.object([])
        for change in change.changes { tree.set(.null, at: DocumentImage.path(change.path, bound)) }
        return .response(status: 200, contentType: "application/json", body: tree.text)
      }
    }
    return nil
  }

  /// The first step of any command that goes to a path.
  private func commandRequest(method: String, path: String) -> HTTPRequestTemplate? {
    for part in bound.profile.parts {
      for step in part.commands.flatMap(\.steps) + (part.defaultState?.steps ?? []) {
        let request: HTTPRequestTemplate
        switch step {
        case .request(let template): request = template
        case .modify(let change): request = change.write
        case .write, .publish, .wait: continue
        }
        guard request.method == method else { continue }
        if PayloadMatch(bound: bound).path(request.path, observed: path) != nil { return request }
      }
    }
    return nil
  }

  private static func acknowledgement(of request: HTTPRequestTemplate) -> HTTPAnswer {
    var tree = JSONTree.object([])
    for expectation in request.expect { tree.set(expectation.equals, at: expectation.path) }
    return answer(tree, to: request)
  }

  private static func refusal(of request: HTTPRequestTemplate) -> HTTPAnswer {
    guard let reason = request.reasonPath else {
      return .response(status: 400, contentType: "text/plain", body: "the request was not understood\n")
    }
    var tree = JSONTree.object([])
    tree.set(.text("the request was not understood"), at: reason)
    return answer(tree, to: request)
  }

  private static func answer(_ tree: JSONTree, to request: HTTPRequestTemplate) -> HTTPAnswer {
    let text = String(decoding: DocumentWriter.bytes(tree, as: request.format), as: UTF8.self)
    return .response(
      status: 200, contentType: request.format == .json ? "application/json" : "text/plain", body: text)
  }

  // MARK: Recognising

  /// What a message or request means.
  private struct Recognition {
    var commands: [RecognisedCommand] = []
    /// Whether it is a step of a command at all, even one that does nothing by itself.
    var isKnown = false
    /// The first such step, if it is a request.
    var request: HTTPRequestTemplate?

    mutating func know(_ step: CommandStep) {
      isKnown = true
      guard request == nil else { return }
      switch step {
      case .request(let template): request = template
      case .modify(let change): request = change.write
      case .write, .publish, .wait: break
      }
    }
  }

  /// All commands of which this is the step that carries the inputs, or the last step of a command without inputs.
  ///
  /// Several may apply: a request that carries mode and setpoints sets both.
  private func recognise(_ pairs: (CommandStep, PayloadMatch) -> [CommandMatcher.Pair]?) -> Recognition {
    let snapshot = decoder.snapshot()
    var result = Recognition()
    for (index, part) in bound.profile.parts.enumerated() {
      let before = snapshot.values(part: index)
      for command in part.verbs.compactMap({ part.command($0) }) {
        let matcher = CommandMatcher(snapshot: snapshot, before: before, part: index, command: command)
        for (step, isLast, found) in observed(command.steps, pairs) {
          guard let solved = matcher.inputs(for: found, lenient: true) else { continue }
          result.know(step)
          let input = solved.filter { $0.value != .null }
          guard command.inputs.isEmpty ? isLast : !input.isEmpty else { continue }
          let meaning = RecognisedCommand.Meaning.command(
            command.verb, input: input, timeout: command.keepAlive?.timeout)
          result.commands.append(RecognisedCommand(part: index, meaning: meaning))
        }
      }
      if result.commands.isEmpty { recogniseReverts(part: index, snapshot, before, pairs, &result) }
    }
    return result
  }

  /// Values that a revert writes back may be ones that no input gives.
  private func recogniseReverts(
    part index: Int, _ snapshot: EndpointSnapshot, _ before: [String: ScalarValue],
    _ pairs: (CommandStep, PayloadMatch) -> [CommandMatcher.Pair]?, _ result: inout Recognition
  ) {
    for command in bound.profile.parts[index].commands {
      guard case .steps(let steps, _) = command.revert else { continue }
      let matcher = CommandMatcher(
        snapshot: snapshot, before: before, part: index, command: command, unknowns: .before)
      for (step, isLast, found) in observed(steps, pairs) {
        guard let values = matcher.inputs(for: found) else { continue }
        result.know(step)
        guard isLast else { continue }
        result.commands.append(
          RecognisedCommand(part: index, meaning: CommandMatcher.meaning(ofRevert: command.verb, values)))
      }
    }
  }

  /// The steps that a message or request could be, and whether they are the last ones that send something.
  private func observed(
    _ steps: [CommandStep], _ pairs: (CommandStep, PayloadMatch) -> [CommandMatcher.Pair]?
  ) -> [(step: CommandStep, isLast: Bool, pairs: [CommandMatcher.Pair])] {
    let match = PayloadMatch(bound: bound)
    let last = steps.lastIndex { step in
      switch step {
      case .publish, .request, .modify: true
      case .write, .wait: false
      }
    }
    return steps.indices.compactMap { index in pairs(steps[index], match).map { (steps[index], index == last, $0) } }
  }
}
