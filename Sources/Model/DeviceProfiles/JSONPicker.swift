import CSimdJSON
import EnergyModel

/// Some paths, prepared so that one walk over a document finds the values of all of them. It learns the shape of a
/// document, so that the next one that differs in its values alone is not parsed again: what stands between the values
/// is compared with the last one, and only the values are read.
///
/// `@unchecked`: belongs to one decoder and is used under the lock of its reader only.
final class JSONPicker: @unchecked Sendable {
  private let paths: OpaquePointer
  private let found: UnsafeMutableBufferPointer<heddle_json_value>

  /// What was found, by the position of the path. `@unchecked`: lives only as long as the lock is held.
  struct Values: @unchecked Sendable {
    fileprivate let found: UnsafeMutableBufferPointer<heddle_json_value>

    /// The number at a path; `nil` if there is none or something else.
    func number(_ position: Int) -> Double? {
      let value = found[position]
      return value.kind == HEDDLE_JSON_NUMBER ? value.number : nil
    }

    /// The value at a path: `nil` if there is none or if it is an object or a list.
    func value(_ position: Int) -> ScalarValue? { ScalarValue(found[position]) }
  }

  /// `nil` where a path has steps that a walk does not know in advance, and where there is no memory.
  init?(_ paths: [DocumentPath]) {
    guard let made = heddle_json_paths_new() else { return nil }
    self.paths = made
    found = .allocate(capacity: paths.count)
    found.initialize(repeating: heddle_json_value())
    for (position, path) in paths.enumerated() {
      for step in path.steps { guard add(step) else { return nil } }
      guard heddle_json_paths_end(made, position) else { return nil }
    }
  }

  deinit {
    heddle_json_paths_free(paths)
    found.deallocate()
  }

  private func add(_ step: DocumentPath.Step) -> Bool {
    switch step {
    // In an object an index is a key, so that a key that looks like one would be there twice.
    case .key(let key): UInt(key) == nil && heddle_json_paths_key(paths, key, key.utf8.count)
    case .index(let index): heddle_json_paths_index(paths, index)
    case .element, .any: false
    }
  }

  /// What the document has that was read last.
  var values: Values { Values(found: found) }

  /// Reads a document; says whether it is JSON, and if not, where it stops being so.
  func pick(_ parser: OpaquePointer, _ bytes: UnsafePointer<CChar>?, _ count: Int, _ offset: inout Int) -> Bool {
    heddle_json_pick(parser, bytes, count, paths, found.baseAddress, found.count, &offset)
  }
}
