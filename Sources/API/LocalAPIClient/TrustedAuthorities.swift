internal import NIOSSL

/// Who may have signed the gateway's certificate, instead of the system's authorities.
public struct TrustedAuthorities: Sendable {
  let certificates: [NIOSSLCertificate]

  /// Reads a file in PEM.
  ///
  /// - Throws: `APIClientError` where it cannot be read or has no certificate.
  public init(file: String) throws(APIClientError) {
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else {
      throw .unreachable(
        message: "\(file) cannot be read as certificates", hint: "it must be PEM: -----BEGIN CERTIFICATE-----")
    }
    self.certificates = certificates
  }
}
