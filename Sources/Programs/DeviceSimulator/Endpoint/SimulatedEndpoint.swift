import DeviceProfiles
import EnergyModel

/// One product on the wire: a profile, the pieces of the home that it shows, its memory or documents, and the commands
/// that are in force. A plain value; sockets are elsewhere.
struct SimulatedEndpoint: Sendable {
  /// A command that the device carries out, with its own timer.
  struct CommandInForce: Sendable {
    var verb: String
    var input: [String: ScalarValue]
    /// When the device falls back by itself, on the monotonic clock.
    var deadline: Duration?
  }

  let name: String
  /// The profile with all controls read back, because a device knows what was written to it.
  let bound: BoundProfile
  let roles: [SimulatedRole]
  var faults = FaultPlan()
  var values: EndpointValues
  var registers: RegisterImage?
  var documents: DocumentImage?
  /// Sees what a gateway sees, so that expressions of commands mean the same on both sides.
  var decoder: EndpointDecoder
  var commandsInForce: [Int: CommandInForce] = [:]
  /// Replies to commands that were not published yet.
  var replies: [SimulatedMessage] = []
  /// Requests so far, for the faults that hit some of them.
  var requestCount: Int64 = 0

  /// A device that is not hooked up yet; `refresh` fills it.
  ///
  /// Throws when the profile cannot be bound again with all controls read back.
  init(profile: BoundProfile, name: String, roles: [SimulatedRole]) throws(ProfileBindingError) {
    self.name = name
    self.roles = roles
    // It plays the form in force, and knows its own parameters.
    var wide = profile.profile
    for part in wide.parts.indices {
      for control in wide.parts[part].controls.indices {
        wide.parts[part].controls[control].pollClass = wide.parts[part].controls[control].pollClass ?? .fast
      }
    }
    bound = try BoundProfile(profile: wide, parameters: profile.parameters)
    let layout = SunSpecLayout(bound)
    let scaleFactors = ScaleFactors(profile: wide, layout: layout)
    values = EndpointValues(bound: bound, name: name, scaleFactors: scaleFactors)
    decoder = EndpointDecoder(bound)
    switch wide.transport {
    case .modbus(let settings):
      registers = RegisterImage(bound: bound, settings: settings, layout: layout, scaleFactors: scaleFactors)
    case .mqtt(let settings): documents = DocumentImage(bound: bound, mqtt: settings)
    case .http(let settings): documents = DocumentImage(bound: bound, http: settings)
    }
  }

  /// Fills everything for the first time: physics, then the product's normal state in its controls.
  mutating func start(home: SimulatedHome, now: Timestamp) {
    show(home, evenOnControls: true)
    setUpDecoder()
    observe(now)
    for index in bound.profile.parts.indices { writeDefaults(part: index, now: now) }
    show(home, evenOnControls: false)
    observe(now)
  }

  /// Brings the wire up to date with physics.
  mutating func refresh(home: SimulatedHome) { show(home, evenOnControls: false) }

  private mutating func show(_ home: SimulatedHome, evenOnControls: Bool) {
    values.refresh(from: home, roles: roles)
    documents?.clear()
    for (index, part) in bound.profile.parts.enumerated() {
      // Several points may look at the same place: physics has the last word there, then what computed fields need.
      let physical = part.points.filter { values.physical[index].contains($0.name) }
      let others = part.points.filter { !values.physical[index].contains($0.name) }
      let locals = others.filter { if case .local = $0.target { true } else { false } }
      let plausible = others.filter { if case .local = $0.target { false } else { true } }
      for point in plausible + locals + physical {
        let value = modeInForce(point, part: index) ?? values.value(of: point, part: index)
        registers?.show(value, at: point, part: index, evenOnControls: evenOnControls)
        let values = self.values
        documents?.show(value, at: point) { values.value(of: $0, part: index) }
      }
    }
    documents?.fillExpectations()
  }

  /// The operating mode by which a product shows that a command is in force: the word that the command's confirmation
  /// waits for.
  private func modeInForce(_ point: ProfilePoint, part index: Int) -> ScalarValue? {
    guard documents != nil, point.name == "operatingMode", let field = Field.named(point.name),
      let verb = commandsInForce[index]?.verb, let expect = bound.profile.parts[index].command(verb)?.confirm?.expect,
      expect.names.contains(point.name)
    else { return nil }
    return expect.literals.first { literal in
      if case .text(let word) = literal { field.labels.contains(word) } else { false }
    }
  }

  // MARK: What a gateway sees

  private mutating func setUpDecoder() {
    guard let registers else { return }
    while let range = decoder.nextSetupRead() {
      decoder.acceptSetup(registers.read(range).map { .registers($0) } ?? .exception(2))
    }
  }

  /// Reads the own wire with the gateway's decoder and takes the present values of the controls from it.
  mutating func observe(_ now: Timestamp) {
    decoder = observed(registers, now)
    guard let registers else { return }
    let snapshot = decoder.snapshot()
    for place in registers.controls {
      values.controls[place.part][place.name] = snapshot.value(place.name, part: place.part)?.value ?? .null
    }
  }

  /// The decoder after it has read a memory.
  func observed(_ registers: RegisterImage?, _ now: Timestamp) -> EndpointDecoder {
    var decoder = decoder
    var batch = ReadingBatch()
    for frame in frames(registers, now) {
      decoder.decode(frame, into: &batch)
      batch.removeAll()
    }
    return decoder
  }

  /// Everything that the device says, as frames.
  func frames(_ registers: RegisterImage?, _ now: Timestamp) -> [RawFrame] {
    if let documents { return documents.frames(now) }
    guard let registers else { return [] }
    return decoder.readPlan.compactMap { read in
      guard let words = registers.read(read.range) else { return nil }
      let body: RawFrame.Body =
        read.range.table.isBits
        ? .bits(
          unit: read.range.unit, table: read.range.table, address: read.range.address, values: words.map { $0 != 0 })
        : .registers(unit: read.range.unit, table: read.range.table, address: read.range.address, values: words)
      return RawFrame(body: body, receivedAt: now)
    }
  }

  /// Writes the product's normal state into its own controls.
  mutating func writeDefaults(part index: Int, now: Timestamp) {
    guard let normal = bound.profile.parts[index].defaultState, registers != nil else { return }
    let snapshot = decoder.snapshot()
    // Without values there is nothing to write; the device stays as it is.
    let operations =
      (try? snapshot.operations(for: normal.steps, part: index, input: [:], before: snapshot.values(part: index))) ?? []
    for operation in operations {
      switch operation {
      case .writeRegisters(let unit, let address, let words, _):
        registers?.put(words, space: RegisterSpace(unit: unit, table: .holding), address: address)
      case .writeCoil(let unit, let address, let bit):
        registers?.put([bit ? 1 : 0], space: RegisterSpace(unit: unit, table: .coil), address: address)
      case .modifyRegister(let unit, let address, let mask, let value, _):
        let range = RegisterRange(unit: unit, table: .holding, address: address, count: 1)
        let present = registers?.read(range)?.first ?? 0
        registers?.put([present & ~mask | value & mask], space: range.space, address: address)
      case .publish, .request, .modify, .wait: break
      }
    }
  }

  // MARK: The device's own timers

  /// Lets commands end that were not renewed in time.
  mutating func expireCommands(home: inout SimulatedHome, monotonic: Duration, now: Timestamp) {
    for (part, command) in commandsInForce {
      guard let deadline = command.deadline, monotonic >= deadline else { continue }
      commandsInForce[part] = nil
      home.undo(command.verb, as: roles[part])
      writeDefaults(part: part, now: now)
      observe(now)
      followControls(part: part, home: &home)
    }
  }

  /// Lets a charger do what stands in its registers after its normal state was written into them: how much it allows then
  /// is the product's choice.
  private mutating func followControls(part: Int, home: inout SimulatedHome) {
    guard case .charger = roles[part], registers != nil else { return }
    for verb in CommandName.verbs(for: .charger) where verb != ProfilePart.autoVerb {
      guard let command = bound.profile.parts[part].command(verb), let input = input(of: command, part: part) else {
        continue
      }
      home.perform(verb, input, as: roles[part])
    }
  }

  /// Carries out what was recognised.
  mutating func perform(
    _ recognised: RecognisedCommand, home: inout SimulatedHome, monotonic: Duration
  ) {
    switch recognised.meaning {
    case .command(let verb, let input, let timeout):
      home.perform(verb, input, as: roles[recognised.part])
      let keeps = timeout != nil || CommandMatcher.isOverride(verb)
      if keeps || verb == ProfilePart.autoVerb {
        commandsInForce[recognised.part] =
          verb == ProfilePart.autoVerb
          ? nil : CommandInForce(verb: verb, input: input, deadline: timeout.map { monotonic + $0 })
      }
      // A product whose commands are a mode leaves them for another one.
      if documents != nil, verb == "set-operating-mode" { commandsInForce[recognised.part] = nil }
      if verb == ProfilePart.autoVerb { followControls(part: recognised.part, home: &home) }
    case .undo(let verb):
      home.undo(verb, as: roles[recognised.part])
      commandsInForce[recognised.part] = nil
    case .renewal(let timeout):
      commandsInForce[recognised.part]?.deadline = monotonic + timeout
    }
  }
}
