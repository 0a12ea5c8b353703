public import LocalAPISchema

/// What the API and its pages need from the gateway for pairing sessions.
public protocol ConnectionService: Sendable {
  /// In the order of their ids.
  func connections(_ query: ConnectionQuery) async throws(APIError) -> ListSlice<ConnectionResource>
  /// 404 if there is no such session.
  func connection(_ id: String) async throws(APIError) -> ConnectionResource
  /// Makes one. The token is in no other answer. The server has checked that the customer exists.
  func createConnection(
    _ draft: ConnectionDraft, actor: String
  ) async throws(APIError) -> (connection: ConnectionResource, token: String)
  /// Cancels an open session and forgets it; devices stay.
  func deleteConnection(_ id: String) async throws(APIError)

  // MARK: The page

  /// The session of a token; 404 if there is none.
  func pairing(_ token: String) async throws(APIError) -> Pairing
  /// Goes on with a product, or back to their list. 409 where the session has ended, as with all that follow.
  func choose(_ profile: String?, _ token: String) async throws(APIError)
  /// Keeps what was filled in and reads the device; what is wrong is in the form afterwards.
  func tryOut(_ fields: [String: String], _ token: String) async throws(APIError)
  /// Makes link and devices of what was read.
  func confirm(_ token: String) async throws(APIError) -> ConnectionResource
  /// Ends the session without a device.
  func cancel(_ token: String) async throws(APIError) -> ConnectionResource
}

/// Which sessions are wanted. A `nil` does not restrict.
public struct ConnectionQuery: Sendable, Hashable {
  /// Of this customer.
  public var customerId: String?
  /// With this id of the operator's.
  public var referenceId: String?
  /// As far as this.
  public var status: ConnectionResource.Status?
  /// Which part of the list.
  public var slice: SliceRequest

  /// All members, those that can be absent with a default.
  public init(
    customerId: String? = nil, referenceId: String? = nil, status: ConnectionResource.Status? = nil,
    slice: SliceRequest
  ) {
    self.customerId = customerId
    self.referenceId = referenceId
    self.status = status
    self.slice = slice
  }
}

/// What the page of a session shows.
public struct Pairing: Sendable, Hashable {
  /// Something that can be connected.
  public struct Product: Sendable, Hashable {
    /// The id of its profile.
    public var profile: String
    /// The name for people.
    public var name: String
    /// Who makes it.
    public var manufacturer: String
    /// The models.
    public var models: [String]

    /// All members.
    public init(profile: String, name: String, manufacturer: String, models: [String]) {
      self.profile = profile
      self.name = name
      self.manufacturer = manufacturer
      self.models = models
    }
  }

  /// Something to fill in.
  public struct Field: Sendable, Hashable {
    /// What may be filled in.
    public enum Kind: Sendable, Hashable {
      case text
      case number
      /// Never shown again.
      case secret
      case flag
      case choice([String])
    }

    /// The name in the form.
    public var name: String
    /// For people.
    public var label: String
    /// What it is.
    public var help: String
    /// What may be filled in.
    public var kind: Kind
    /// What is filled in; never a secret.
    public var value: String
    /// Whether it may be empty.
    public var isOptional: Bool
    /// Whether a secret was filled in before and stays when the field is left empty.
    public var isKept: Bool
    /// What is wrong with it.
    public var problem: String?

    /// All members, those that can be absent with a default.
    public init(
      name: String, label: String, help: String = "", kind: Kind = .text, value: String = "", isOptional: Bool = false,
      isKept: Bool = false, problem: String? = nil
    ) {
      self.name = name
      self.label = label
      self.help = help
      self.kind = kind
      self.value = value
      self.isOptional = isOptional
      self.isKept = isKept
      self.problem = problem
    }
  }

  /// The form of a product.
  public struct Form: Sendable, Hashable {
    /// The product.
    public var product: Product
    /// What is to be filled in.
    public var fields: [Field]
    /// What is wrong beside the fields.
    public var problem: String?
    /// What came of reading the device.
    public var result: LinkTestResource?

    /// All members, those that can be absent with a default.
    public init(product: Product, fields: [Field], problem: String? = nil, result: LinkTestResource? = nil) {
      self.product = product
      self.fields = fields
      self.problem = problem
      self.result = result
    }
  }

  /// The session.
  public var connection: ConnectionResource
  /// What can be chosen, in the order of makers and names; empty once something is.
  public var products: [Product]
  /// The form of what was chosen.
  public var form: Form?

  /// All members, those that can be absent with a default.
  public init(connection: ConnectionResource, products: [Product] = [], form: Form? = nil) {
    self.connection = connection
    self.products = products
    self.form = form
  }
}
