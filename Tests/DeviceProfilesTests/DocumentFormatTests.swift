import DeviceProfiles
import EnergyModel
import Foundation
import Testing

@Suite struct DocumentFormatTests {
  private func value(_ format: DocumentFormat, _ text: String, _ path: String) throws -> ScalarValue? {
    let document = try JSONDocument(parsing: try format.json(from: Array(text.utf8)))
    return document.value(at: try #require(DocumentPath(path)))
  }

  @Test("Pairs are found by their keys, with their text as it stands")
  func keyValue() throws {
    let daikin = "ret=OK,pow=1,stemp=21.5,shum=,name=a b\r\n"
    #expect(try value(.keyvalue, daikin, "/ret") == .text("OK"))
    #expect(try value(.keyvalue, daikin, "/stemp") == .text("21.5"))
    #expect(try value(.keyvalue, daikin, "/shum") == .text(""))
    #expect(try value(.keyvalue, daikin, "/name") == .text("a b"))
    #expect(try value(.keyvalue, "p1=1,e1=0:0,f1=23:59", "/f1") == .text("23:59"))
    #expect(throws: JSONDocumentError.self) { try DocumentFormat.keyvalue.json(from: Array("hello".utf8)) }
  }

  @Test("XML becomes keys, attributes and lists")
  func xml() throws {
    let text = """
      <?xml version='1.0' encoding='UTF-8'?>
      <!-- as an Envoy answers -->
      <info><device kind="gw &amp; more"><sn>122</sn><software>R4.10 &lt;x&gt; 21&#176;C</software><empty/></device>
      <part id="a">one</part><part id='b'>two</part><part id="c">three</part><![CDATA[ <raw> ]]></info>
      """
    #expect(try value(.xml, text, "/info/device/sn") == .text("122"))
    #expect(try value(.xml, text, "/info/device/@kind") == .text("gw & more"))
    #expect(try value(.xml, text, "/info/device/software") == .text("R4.10 <x> 21°C"))
    #expect(try value(.xml, text, "/info/device/empty") == .null)
    #expect(try value(.xml, text, "/info/part/2/@id") == .text("c"))
    #expect(try value(.xml, text, "/info/part/[@id=b]/#text") == .text("two"))
    #expect(try value(.xml, text, "/info/#text") == .text("<raw>"))
  }

  @Test(
    "XML that could expand, or is none, is refused with the byte",
    arguments: [
      "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a>&b;</a>", "<a><b></a></b>", "<a>", "", "hello", "<a b></a>",
      "<a/>x", "<a>&", "<a b='", "<!--", "<a>&#xD800;</a>", String(repeating: "<a>", count: 100),
    ])
  func refusedXML(text: String) {
    let error = #expect(throws: JSONDocumentError.self) { try DocumentFormat.xml.json(from: Array(text.utf8)) }
    #expect(error?.message.contains("at byte") == true)
  }

  static let telegram = [
    "/XMX5LGBBFG1009021021", "", "1-3:0.2.8(50)", "0-0:1.0.0(101209113020W)", "1-0:1.8.1(000671.578*kWh)",
    "1-0:1.7.0(00.318*kW)", "0-0:96.14.0(0002)", "0-0:96.13.0()", "0-1:24.2.1(101209112500W)(00473.789*m3)",
    "0-2:24.3.0(120517020000)(08)(60)", "(00124.477)", "!",
  ].joined(separator: "\r\n")

  @Test("A telegram is read by OBIS code when its checksum is right")
  func dsmr() throws {
    let text = Self.telegram + "D2DF\r\n"
    #expect(try value(.dsmr, text, "/1-0:1.8.1") == .number(671.578))
    #expect(try value(.dsmr, text, "/1-0:1.7.0") == .number(0.318))
    #expect(try value(.dsmr, text, "/0-0:96.14.0") == .text("0002"))
    #expect(try value(.dsmr, text, "/0-0:96.13.0") == .null)
    #expect(try value(.dsmr, text, "/0-1:24.2.1/1") == .number(473.789))
    #expect(try value(.dsmr, text, "/0-2:24.3.0/3") == .text("00124.477"))
    #expect(try value(.dsmr, text, "/identification") == .text("XMX5LGBBFG1009021021"))
    #expect(try value(.dsmr, text.replacing("\r\n", with: "\n"), "/1-0:1.7.0") == .number(0.318))
    #expect(try value(.dsmr, Self.telegram + "\r\n", "/1-0:1.7.0") == .number(0.318))
    let wrong = #expect(throws: JSONDocumentError.self) {
      try DocumentFormat.dsmr.json(from: Array((Self.telegram + "0001").utf8))
    }
    #expect(wrong?.message == "telegram with a wrong checksum (0001)")
    #expect(throws: JSONDocumentError.self) { try DocumentFormat.dsmr.json(from: Array(text.utf8.prefix(200))) }
  }

  @Test(
    "A captured telegram from which a serial number was cut out is refused",
    .enabled(if: Captures.exists("homewizard/v1/HWE-P1/telegram.txt")))
  func capturedTelegram() throws {
    let bytes = Array(try Data(contentsOf: Captures.root.appending(path: "homewizard/v1/HWE-P1/telegram.txt")))
    #expect(throws: JSONDocumentError.self) { try DocumentFormat.dsmr.json(from: bytes) }
    let end = try #require(bytes.firstIndex(of: UInt8(ascii: "!")))
    let document = try JSONDocument(parsing: try DocumentFormat.dsmr.json(from: Array(bytes[...end])))
    #expect(document.value(at: try #require(DocumentPath("/1-0:1.7.0"))) == .number(21.1))
    #expect(document.value(at: try #require(DocumentPath("/0-1:24.2.1/1"))) == .number(2569.646))
  }

  @Test("Sparkplug metrics keep name, type and value over the wire")
  func sparkplug() throws {
    let metrics: [SparkplugMetric] = [
      SparkplugMetric(name: "Power", alias: 3, dataType: .int32, value: .number(-1500)),
      SparkplugMetric(name: "Energy", dataType: .uint64, value: .number(123_456_789_012)),
      SparkplugMetric(name: "Temperature/Room", dataType: .float, value: .number(20.5)),
      SparkplugMetric(name: "Voltage", dataType: .double, value: .number(230.25)),
      SparkplugMetric(name: "On", dataType: .boolean, value: .flag(true)),
      SparkplugMetric(name: "Model", dataType: .string, value: .text("X")),
      SparkplugMetric(name: "Broken", dataType: .int16, value: .null),
    ]
    let payload = SparkplugPayload(timestamp: 1_700_000_000_000, sequence: 7, metrics: metrics)
    let read = try SparkplugPayload(parsing: payload.encoded)
    #expect(read.sequence == 7)
    #expect(read.timestamp == 1_700_000_000_000)
    #expect(read.metrics.map(\.name) == metrics.map(\.name))
    #expect(read.metrics.map { $0.value(as: $0.dataType) } == metrics.map(\.value))
    let document = try JSONDocument(parsing: try DocumentFormat.sparkplug.json(from: payload.encoded))
    #expect(document.value(at: try #require(DocumentPath("/Power"))) == .number(-1500))
    #expect(document.value(at: try #require(DocumentPath("/Temperature~1Room"))) == .number(20.5))
    #expect(document.value(at: try #require(DocumentPath("/@seq"))) == .number(7))
  }

  @Test("Any bytes are read or refused in every format, and never trap")
  func randomBytes() throws {
    let seed: UInt64 = 0x5EED_0041
    var numbers = SeededNumbers(seed: seed)
    let metric = SparkplugMetric(name: "Power", alias: 1, dataType: .double, value: .number(1))
    let bases: [[UInt8]] = [
      Array("<a b=\"c\">&amp;<d>1</d><d>2</d><![CDATA[x]]></a>".utf8), Array("a=1,b=2;c".utf8),
      Array((Self.telegram + "D2DF\r\n").utf8), SparkplugPayload(sequence: 1, metrics: [metric]).encoded, [],
    ]
    for round in 0..<4000 {
      var bytes = bases[round % bases.count]
      for _ in 0..<Int.random(in: 0...6, using: &numbers) {
        if bytes.isEmpty || Bool.random(using: &numbers) {
          let place = Int.random(in: 0...bytes.count, using: &numbers)
          bytes.insert(UInt8.random(in: .min ... .max, using: &numbers), at: place)
        } else {
          let place = Int.random(in: bytes.indices, using: &numbers)
          if Bool.random(using: &numbers) { bytes.remove(at: place) } else { bytes[place] ^= 1 << UInt8(round % 8) }
        }
      }
      for format in DocumentFormat.allCases {
        guard let json = try? format.json(from: bytes) else { continue }
        if format != .json { #expect(throws: Never.self) { try JSONDocument(parsing: json) } }
      }
    }
  }
}
