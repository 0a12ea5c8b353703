import EnergyModel
import Foundation
import Testing

@testable import GatewayCommands

@Suite struct QuantityTests {
  @Test(
    "Quantities are read with their units",
    arguments: [
      ("2500W", 2500.0), ("2.5kW", 2500), ("2.5 kW", 2500), ("2.5kw", 2500), ("0.003MW", 3000), ("-1kW", -1000),
    ])
  func power(_ text: String, _ watts: Double) throws {
    #expect(abs(try Quantity.power(text) - watts) < 1e-9)
  }

  @Test("A time of day is the next one, also through a change of the clock; a span and RFC 3339 are what they say")
  func moments() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "Europe/Berlin"))
    let now = try #require(Timestamp(rfc3339: "2026-03-28T12:00:00Z"))
    for (text, expected) in [
      ("+30m", "2026-03-28T12:30:00.000Z"), ("14:00", "2026-03-28T13:00:00.000Z"),
      ("12:59", "2026-03-29T10:59:00.000Z"), ("02:30", "2026-03-29T01:00:00.000Z"),
      ("2026-05-01T22:00:00+02:00", "2026-05-01T20:00:00.000Z"),
    ] { #expect(try MomentText(text).timestamp(now: now, calendar: calendar).rfc3339 == expected, "\(text)") }
    for text in ["tomorrow", "24:00", "7:5", "+", "12:60"] {
      #expect(throws: Quantity.ParseError.self) { try MomentText(text) }
    }
  }

  @Test("Currents are amperes")
  func current() throws {
    #expect(try Quantity.current("16A") == 16)
    #expect(try Quantity.current("6000 mA") == 6)
    #expect(throws: Quantity.ParseError.self) { try Quantity.current("16") }
    #expect(throws: Quantity.ParseError.self) { try Quantity.current("3kW") }
  }

  @Test("Temperatures are Celsius whatever they were written in")
  func temperature() throws {
    #expect(try Quantity.temperature("21.5C") == 21.5)
    #expect(try Quantity.temperature("21.5°C") == 21.5)
    #expect(abs(try Quantity.temperature("70F") - 21.111) < 0.001)
  }

  @Test(
    "m is minutes, and durations add up",
    arguments: [
      ("30m", 1800.0), ("2h", 7200), ("1h30m", 5400), ("90s", 90), ("30 min", 1800), ("1d", 86_400),
    ])
  func duration(_ text: String, _ seconds: Double) throws {
    #expect(try Quantity.duration(text) == seconds)
  }

  @Test("What has no unit, the wrong unit or no number is refused with an example")
  func refused() {
    for text in ["2500", "", "W", "2.5kWh", "fast", "1e3W", "infW", "2500mw", "NaNW", "0x10W"] {
      #expect(throws: Quantity.ParseError.self, "\(text)") { try Quantity.power(text) }
    }
    for text in ["", "30", "m", "0s", "-5m", "1h-5m", "5y"] {
      #expect(throws: Quantity.ParseError.self, "\(text)") { try Quantity.duration(text) }
    }
    let error = #expect(throws: Quantity.ParseError.self) { try Quantity.power("2500") }
    #expect(error?.description == "'2500' has no unit; write 2500W or 2.5kW")
  }

  @Test("Arguments of a command become SI values, flags or words")
  func scalars() {
    #expect(Quantity.scalar("2.5kW") == .number(2500))
    #expect(Quantity.scalar("80%") == .number(80))
    #expect(Quantity.scalar("80") == .number(80))
    #expect(Quantity.scalar("true") == .flag(true))
    #expect(Quantity.scalar("heat") == .text("heat"))
    #expect(Quantity.scalar("12monkeys") == .text("12monkeys"))
  }
}
