package import DeviceProfiles
import EnergyModel

/// A capture behind a profile's decoder.
package struct DecodedPoints {
  package private(set) var decoder: EndpointDecoder
  /// What the decoder could not understand.
  package private(set) var problems: [String] = []
  /// Topics and requests of the capture that the profile does not read.
  package private(set) var unused: [String] = []
  package private(set) var remarks: [String] = []

  package var snapshot: EndpointSnapshot { decoder.snapshot() }

  package init(_ capture: DeviceCapture, _ bound: BoundProfile) {
    let prepared = capture.registers.prepare(bound)
    if let remark = prepared.remark { remarks.append(remark) }
    decoder = prepared.decoder
    if let problem = decoder.setupProblem { problems.append(problem) }
    feed(capture)
  }

  /// Twice, because a value can come before its scale factor.
  private mutating func feed(_ capture: DeviceCapture) {
    guard decoder.setupProblem == nil else { return }
    let time = Timestamp(milliseconds: 0)
    let bodies = bodies(capture)
    var batch = ReadingBatch()
    for _ in 0..<2 {
      batch.removeAll()
      for body in bodies { decoder.decode(RawFrame(body: body, receivedAt: time), into: &batch) }
    }
    // Runs with a hole are short frames; the hole is named by its registers.
    problems += batch.problems.filter { !$0.contains("short frame") }
    if batch.unlistedProblems > 0 { problems.append("and \(batch.unlistedProblems) more") }
  }

  private mutating func bodies(_ capture: DeviceCapture) -> [RawFrame.Body] {
    let bound = decoder.bound
    switch bound.profile.transport {
    case .modbus: return decoder.readPlan.flatMap { capture.registers.frames($0.range) }
    case .mqtt where capture.documents != nil, .http where capture.documents != nil: return capture.documents ?? []
    case .mqtt:
      for message in capture.messages where !unused.contains("topic \(message.topic)") {
        let isRead = bound.subscriptions.contains { EndpointDecoder.isMatch(topic: message.topic, filter: $0) }
        if !isRead { unused.append("topic \(message.topic)") }
      }
      return capture.messages.map { .message(topic: $0.topic, payload: Array($0.payload.utf8), isRetained: false) }
    case .http:
      return capture.responses.compactMap { response in
        guard let name = bound.requestName(response.request) else {
          unused.append("request \(response.request)")
          return nil
        }
        return .response(request: name, body: Array(response.body.utf8))
      }
    }
  }
}
