import EnergyModel
import LocalAPISchema

/// A customer in the words of Fluxrate clients.
struct FluxrateCustomer: Encodable {
  let id: String
  let name: String
  let email: String?
  let externalID: String?
  let phone: String?
  let billingAddress: PostalAddress?
  let createdAt: Timestamp?
  let updatedAt: Timestamp?

  init(_ customer: CustomerResource) {
    id = customer.id
    name = customer.name
    email = customer.email
    externalID = customer.referenceId
    phone = customer.phone
    billingAddress = customer.billingAddress
    createdAt = customer.createdAt
    updatedAt = customer.updatedAt
  }

  enum CodingKeys: String, CodingKey {
    case id, name, email, phone
    case externalID = "external_id"
    case line1 = "billing_address_line1"
    case line2 = "billing_address_line2"
    case city = "billing_address_city"
    case state = "billing_address_state"
    case postalCode = "billing_address_postal_code"
    case country = "billing_address_country"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }

  /// All members are always there: these clients look for `null`.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(name, forKey: .name)
    try container.encode(email, forKey: .email)
    try container.encode(externalID, forKey: .externalID)
    try container.encode(phone, forKey: .phone)
    try container.encode(billingAddress?.line1, forKey: .line1)
    try container.encode(billingAddress?.line2, forKey: .line2)
    try container.encode(billingAddress?.city, forKey: .city)
    try container.encode(billingAddress?.state, forKey: .state)
    try container.encode(billingAddress?.postalCode, forKey: .postalCode)
    try container.encode(billingAddress?.country, forKey: .country)
    try container.encode(createdAt, forKey: .createdAt)
    try container.encode(updatedAt, forKey: .updatedAt)
  }
}
