import Testing

@Suite("Reading sources")
struct SourceFileTests {
  @Test("Comments and texts are not code")
  func blanking() {
    let file = SourceFile(
      path: "x.swift",
      text: ##"""
        public import struct Foundation.URL
        let a = "try! \" //" + b! // as!
        /* fatalError( /* nested */ x! */ let c = #"y! " z!"# != d
        let e = """
          f! "g!"
          """; let h = "" ; i[0]!
        @testable import Other
        """##)
    #expect(file.imports.map(\.module) == ["Foundation", "Other"])
    #expect(file.lines(matching: /!(?!=)/) == [2, 6])
    #expect(file.lines(matching: /try|as!|fatalError/).isEmpty)
  }

  @Test("A comment counts as above with attributes between")
  func commentAbove() {
    let file = SourceFile(path: "x.swift", text: "// why\n@frozen\nunowned\n\nunowned")
    #expect(file.hasCommentAbove(3))
    #expect(!file.hasCommentAbove(5))
  }
}
