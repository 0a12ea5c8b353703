package import DeviceProfiles

/// What a device said: its registers, its messages or its answers.
package struct DeviceCapture {
  package var registers = RegisterImage()
  /// In the order of the file.
  package var messages: [(topic: String, payload: String)] = []
  /// By the request's name or path.
  package var responses: [(request: String, body: String)] = []
  /// Messages and answers as they came, where they are known; else they are made of the text of `messages` and
  /// `responses`.
  package var documents: [RawFrame.Body]?
  /// What is to be known about the capture itself.
  package var remarks: [String] = []

  package init() {}
}

extension DeviceCapture {
  /// What came over the wire, as it came.
  package init(_ frames: [RawFrame.Body]) {
    self.init()
    documents = []
    for frame in frames {
      switch frame {
      case .registers(let unit, let table, let address, let values):
        add(values, at: address, RegisterSpace(unit: unit, table: table))
      case .bits(let unit, let table, let address, let values):
        add(values.map { $0 ? 1 : 0 }, at: address, RegisterSpace(unit: unit, table: table))
      case .message(let topic, let payload, _):
        messages.append((topic, String(decoding: payload, as: UTF8.self)))
        documents?.append(frame)
      case .response(let request, let body):
        responses.append((request, String(decoding: body, as: UTF8.self)))
        documents?.append(frame)
      }
    }
  }

  private mutating func add(_ values: [UInt16], at start: UInt16, _ space: RegisterSpace) {
    for (offset, value) in values.enumerated() {
      guard let address = UInt16(exactly: Int(start) + offset) else { return }
      registers.tables[space, default: [:]][address] = value
    }
  }
}
