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
    let headers: [String]

    init(
      _ status: Int, _ description: String, _ schema: Schema?, type: String = "application/json",
      headers: [String] = []
    ) {
      self.status = status
      self.description = description
      self.schema = schema
      self.type = type
      self.headers = headers
    }

    static func ok(_ schema: Schema) -> Self { Self(200, "OK", schema) }

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
}
