import Testing

@testable import GatewayCommands

/// What a recorded capture no longer has in it.
@Suite struct CaptureRedactionTests {
  @Test("Serials, addresses and secrets of a JSON document, also where they occur elsewhere")
  func document() {
    var redaction = CaptureRedaction()
    let body = redaction.payload(
      #"{"serial_number": "AB12345678", "wifi": {"mac": "a8:03:2a:b1:23:45", "Password": "hunter2"}, "power": 512.5,"#
        + #" "owner": "ada@lovelace.org", "name": "meter AB12345678", "sn": 99887766, "token": ""}"#)
    for secret in ["AB12345678", "a8:03", "hunter2", "lovelace", "99887766"] {
      #expect(!body.contains(secret), "\(secret) in \(body)")
    }
    #expect(body.contains(#""power":512.5"#) && body.contains("@example.com") && body.contains("REDACTED"))
    let serial = redaction.identity("AB12345678")
    #expect(serial.count == 10 && body.contains("meter \(serial)"))
    #expect(redaction.text("acme/AB12345678/state") == "acme/\(serial)/state")
    #expect(redaction.text("shellyplus1pm-a8032ab12345/rpc").hasPrefix("shellyplus1pm-RX"))
  }

  @Test("The same text becomes the same in every capture, and what was replaced stays as it is")
  func isDeterministic() {
    var first = CaptureRedaction()
    var second = CaptureRedaction()
    let once = first.payload(#"{"serial":"AB12345678","mail":"a@b.de","mac":"a8:03:2a:b1:23:45"}"#)
    #expect(once == second.payload(#"{"mac":"a8:03:2a:b1:23:45","mail":"a@b.de","serial":"AB12345678"}"#))
    #expect(second.payload(once) == once)
  }

  @Test("Documents that are not JSON")
  func text() {
    var redaction = CaptureRedaction()
    #expect(redaction.payload("ON") == "ON")
    #expect(redaction.payload("ret=OK,type=aircon,pow=1") == "ret=OK,type=aircon,pow=1")
    #expect(!redaction.payload("<info><sn>482212345678</sn><pn>800</pn></info>").contains("482212345678"))
    #expect(redaction.payload("").isEmpty)
    #expect(redaction.payload("{not json").contains("not json"))
  }

  @Test("Text registers with a serial in them; numbers stay")
  func registers() {
    var redaction = CaptureRedaction()
    var values: [UInt16: UInt16] = [10: 2300, 11: 65535, 65535: 7]
    let serial = Array("SN1234567890".utf8)
    for index in 0..<6 { values[UInt16(100 + index)] = UInt16(serial[index * 2]) << 8 | UInt16(serial[index * 2 + 1]) }
    let redacted = redaction.registers(values)
    #expect(redacted[10] == 2300 && redacted[11] == 65535 && redacted[65535] == 7)
    #expect(redacted[100] == 0x5258 && redacted[103] != values[103])
    #expect(redaction.registers(redacted) == redacted)
    #expect(redaction.registers([:]).isEmpty)
  }
}
