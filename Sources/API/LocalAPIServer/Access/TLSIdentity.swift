import Crypto
public import EnergyModel
import Foundation
import NIOSSL

/// What the API proves itself with over TLS: a chain of certificates and the key of the first one, read and checked.
public struct TLSIdentity: Sendable, Equatable {
  /// Which of both files is wrong, and how.
  public struct Failure: Error, Sendable, Hashable {
    /// One of both files.
    public enum Place: Sendable, Hashable {
      /// The file with the chain.
      case certificate
      /// The file with the private key.
      case key
    }

    /// The file that has to be changed.
    public var place: Place
    /// What is wrong with it.
    public var message: String
    /// What to do.
    public var hint: String
  }

  /// Longer files are no certificates.
  public static let maxFileBytes = 1 << 20

  /// When the first certificate ends to be valid.
  public let expiresAt: Timestamp
  let context: NIOSSLContext
  /// SHA-256 of both files.
  private let digest: [UInt8]

  /// Reads both files, in PEM.
  ///
  /// - Throws: what is wrong with one of them, also where the key is not the certificate's.
  public init(certificateFile: String, keyFile: String) throws(Failure) {
    let chainBytes = try Self.read(certificateFile, .certificate)
    let keyBytes = try Self.read(keyFile, .key)
    try Self.checkMode(keyFile)
    guard let chain = try? NIOSSLCertificate.fromPEMBytes(chainBytes), let first = chain.first else {
      throw Failure(
        place: .certificate, message: "\(certificateFile) has no certificate",
        hint: "it must be PEM: -----BEGIN CERTIFICATE-----, the server's own first, then those between it and the root")
    }
    guard let key = try? NIOSSLPrivateKey(bytes: keyBytes, format: .pem) else { throw Self.noKey(keyFile, keyBytes) }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    guard let context = try? NIOSSLContext(configuration: configuration) else {
      throw Failure(
        place: .key, message: "\(keyFile) is not the key of the certificate in \(certificateFile)",
        hint: "both are made together; name the key that the certificate was requested with")
    }
    self.context = context
    expiresAt = Timestamp(milliseconds: Int64(first.notValidAfter) * 1000)
    digest = Array(SHA256.hash(data: Data(chainBytes) + Data(keyBytes)))
  }

  /// The same files.
  public static func == (left: TLSIdentity, right: TLSIdentity) -> Bool { left.digest == right.digest }

  private static func read(_ path: String, _ place: Failure.Place) throws(Failure) -> [UInt8] {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      let isThere = FileManager.default.fileExists(atPath: path)
      throw Failure(
        place: place, message: isThere ? "\(path) may not be read" : "there is no file \(path)",
        hint: isThere ? "the daemon's user needs to read it: chgrp heddle, chmod 640" : "a path to a file in PEM")
    }
    guard data.count <= maxFileBytes else {
      throw Failure(
        place: place, message: "\(path) has more than \(maxFileBytes >> 20) MiB", hint: "name a file in PEM")
    }
    return Array(data)
  }

  private static func checkMode(_ path: String) throws(Failure) {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0
    guard mode & 0o007 == 0 else {
      throw Failure(place: .key, message: "\(path) can be read by everybody", hint: "chmod 640 \(path)")
    }
  }

  private static func noKey(_ path: String, _ bytes: [UInt8]) -> Failure {
    guard String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED") else {
      return Failure(
        place: .key, message: "\(path) has no private key", hint: "it must be PEM: -----BEGIN PRIVATE KEY-----")
    }
    return Failure(
      place: .key, message: "\(path) is locked by a passphrase, which nobody is there to type",
      hint: "openssl pkey -in \(path) -out …, and protect the new file by its mode")
  }
}
