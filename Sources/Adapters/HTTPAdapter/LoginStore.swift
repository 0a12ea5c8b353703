public import AdapterKit

/// Where values of a login outlive the program: a vendor that gives a new refresh token each time forgets the old one,
/// and after a restart only the last one opens the account.
public protocol LoginStore: Sendable {
  /// What was kept for a device; empty if nothing was.
  func values(of endpoint: EndpointID) -> [String: String]
  /// Replaces what is kept for a device. Called seldom; may block for as long as writing a small file takes.
  func keep(_ values: [String: String], of endpoint: EndpointID)
}
