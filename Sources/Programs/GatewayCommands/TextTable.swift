/// Columns that line up. Colours are added after the widths are known.
struct TextTable {
  /// How a cell looks on a terminal with colours.
  enum Style: String, Sendable { case plain = "0", good = "32", warning = "33", bad = "31", faint = "2", strong = "1" }

  struct Cell {
    var text: String
    var style = Style.plain

    init(_ text: String, _ style: Style = .plain) {
      // A line break from a device's text must not break the table.
      self.text = String(text.map { $0.isNewline ? " " : $0 })
      self.style = style
    }
  }

  enum Alignment { case left, right }

  private let header: [String]
  private let alignments: [Alignment]
  private var rows: [[Cell]] = []

  /// Columns from a list, in the same spelling.
  init(columns: [String]) {
    header = columns.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
    alignments = columns.map { $0.hasPrefix(">") ? .right : .left }
  }

  /// - Parameter columns: a `>` in front of a name aligns the column to the right.
  init(_ columns: String...) { self.init(columns: columns) }

  var isEmpty: Bool { rows.isEmpty }

  mutating func add(_ cells: [Cell]) { rows.append(cells) }
  mutating func add(_ texts: String...) { rows.append(texts.map { Cell($0) }) }

  func lines(color: Bool) -> [String] {
    var widths = header.map(\.count)
    for row in rows {
      for (index, cell) in row.enumerated() where index < widths.count {
        widths[index] = max(widths[index], cell.text.count)
      }
    }
    return [line(header.map { Cell($0, .faint) }, widths, color)] + rows.map { line($0, widths, color) }
  }

  private func line(_ cells: [Cell], _ widths: [Int], _ color: Bool) -> String {
    var parts: [String] = []
    for (index, cell) in cells.enumerated() where index < widths.count {
      let padding = String(repeating: " ", count: max(0, widths[index] - cell.text.count))
      let text = Self.paint(cell.text, cell.style, color)
      // The last column needs no padding, so that lines have no blanks at their ends.
      let isLast = index == cells.count - 1
      parts.append(alignments[index] == .right ? padding + text : isLast ? text : text + padding)
    }
    let line = parts.joined(separator: "  ")
    return color ? line : String(line.reversed().drop { $0 == " " }.reversed())
  }

  static func paint(_ text: String, _ style: Style, _ color: Bool) -> String {
    color && style != .plain && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }
}
