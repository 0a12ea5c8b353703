/// What the OpenAPI document says about a route. The query parameters named here are those that the route takes.
struct Operation: Sendable {
  /// Unique in the document.
  let id: String
  let summary: String
  let tag: String
  /// Those beside the ones of the path.
  let parameters: [Parameter]
  let body: Schema?
  let answers: [Answer]

  init(
    _ id: String, _ summary: String, tag: String, parameters: [Parameter] = [], body: Schema? = nil, answers: [Answer]
  ) {
    self.id = id
    self.summary = summary
    self.tag = tag
    self.parameters = parameters
    self.body = body
    self.answers = answers
  }

  /// The names that the query may have.
  var queryNames: [String] { parameters.filter { $0.place == .query }.map(\.name) }
}

extension Operation {
  /// A parameter of the query or a header.
  struct Parameter: Sendable {
    enum Place: String, Sendable { case query, header, path }

    let name: String
    let place: Place
    let schema: Schema
    let description: String?

    static func query(_ name: String, _ schema: Schema, _ description: String? = nil) -> Self {
      Self(name: name, place: .query, schema: schema, description: description)
    }

    static func header(_ name: String, _ schema: Schema, _ description: String? = nil) -> Self {
      Self(name: name, place: .header, schema: schema, description: description)
    }

    static let prefer = header(
      "Prefer", .text,
      "wait=10: answer when the command is confirmed or ended, at the latest after so many seconds (60 at most).")
  }

  /// An answer that is no problem document.
  struct Answer: Sendable {
    let status: Int
    let description: String
    /// `nil` where there is no body.
    let schema: Schema?
    let type: String
    /// Other types that the same can be asked for in; they are text.
    let textTypes: [String]
    let headers: [String]

    init(
      _ status: Int, _ description: String, _ schema: Schema?, type: String = "application/json",
      textTypes: [String] = [], headers: [String] = []
    ) {
      self.textTypes = textTypes
      self.status = status
      self.description = description
      self.schema = schema
      self.type = type
      self.headers = headers
    }

    static func ok(_ schema: Schema) -> Self { Self(200, "OK", schema) }

    /// A record with its tag.
    static func record(_ schema: Schema) -> Self { Self(200, "OK", schema, headers: ["ETag"]) }

    static func madeRecord(_ schema: Schema) -> Self { Self(201, "Made", schema, headers: ["ETag", "Location"]) }

    static func made(_ schema: Schema) -> Self { Self(201, "Made", schema) }

    /// A page of a list of these.
    static func page(_ name: String) -> Self { Self(200, "OK", .page(name)) }

    static func nothing(_ description: String) -> Self { Self(204, description, nil) }

    static let deleted = nothing("Deleted")
  }
}

extension [Operation.Parameter] {
  /// Of every list in pages.
  static let paging: Self = [
    .query("page", .json(#"{"type": "integer", "minimum": 1, "maximum": 1000000, "default": 1}"#)),
    .query("perPage", .json(#"{"type": "integer", "minimum": 1, "maximum": 500, "default": 50}"#)),
  ]

  /// Of lists that can also be read on with a cursor.
  static let cursorPaging: Self =
    paging + [
      .query(
        "cursor", .text, "The nextCursor of the page before, instead of page: what is added meanwhile moves nothing.")
    ]

  /// Of lists of devices.
  static let deviceFilters: Self =
    [
      .query("type", .ref("DeviceType")), .query("manufacturer", .text), .query("referenceId", .text),
      .query("externalId", .text), .query("external_id", .text), .query("status", .ref("ConnectivityState")),
      .query("isStale", .json(#"{"type": "boolean"}"#)),
    ] + deviceView + cursorPaging

  /// The words of another system.
  static let deviceView: Self = [
    .query("view", .words(["texture"]), "Names, units and states of Texture: Fahrenheit, chargeRate, gridStatus.")
  ]

  /// Of changes and deletions of records.
  static let ifMatch: Self = [
    .header("If-Match", .text, "The ETag that the record was read with; 412 where it was changed since.")
  ]
}
