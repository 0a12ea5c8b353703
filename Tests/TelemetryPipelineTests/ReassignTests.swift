import EnergyModel
import GatewayStore
import TestSupport
import Testing

@testable import TelemetryPipeline

@Suite("A device that comes to another site or customer")
struct ReassignTests {
  private func home(site: String?, customer: String?) -> [PipelineLayout.Device] {
    [
      Home.device("grid", .meter, ["powerW"], role: .grid, site: site, customer: customer),
      Home.device("pv", .inverter, ["acPowerW"], site: site, customer: customer),
    ]
  }

  @Test("Energy before the change stays where it was, energy after it goes to the new one, and none is lost or doubled")
  func energy() {
    var home = Home(self.home(site: nil, customer: nil))
    func flow(_ home: inout Home) {
      for _ in 0..<6 {
        home.advance(seconds: 10)
        home.give("grid", "powerW", 600)
        home.give("pv", "acPowerW", 1200)
      }
    }
    home.give("grid", "powerW", 600)
    home.give("pv", "acPowerW", 1200)
    flow(&home)
    home.aggregator.reassign(PipelineLayout(devices: self.home(site: "elm", customer: "ada")))
    flow(&home)
    home.aggregator.reassign(PipelineLayout(devices: self.home(site: "elm", customer: "bob")))
    flow(&home)
    #expect(isClose(home.total(.device, "pv", .generation), 60))
    #expect(isClose(home.total(.site, "elm", .generation), 40))
    #expect(isClose(home.total(.customer, "ada", .generation), 20))
    #expect(isClose(home.total(.customer, "bob", .generation), 20))
    #expect(isClose(home.total(.customer, "bob", .consumption), 30))
    #expect(isClose(home.covered(.customer, "bob", .consumption), 60))
    #expect(isClose(home.covered(.site, "elm", .generation), 120))
  }

  @Test("It books like a pipeline that was made with the new owners, whatever the order of changes")
  func equalsFresh() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<50 {
      let owners: [(String?, String?)] = (0..<3).map { _ in
        (
          [nil, "s1", "s2"].randomElement(using: &random) ?? nil,
          [nil, "c1", "c2"].randomElement(using: &random) ?? nil
        )
      }
      func devices(_ owners: [(String?, String?)]) -> [PipelineLayout.Device] {
        [
          Home.device("grid", .meter, ["powerW"], role: .grid, site: owners[0].0, customer: owners[0].1),
          Home.device("bat", .battery, ["powerW"], site: owners[1].0, customer: owners[1].1),
          Home.device("pv", .inverter, ["acPowerW"], site: owners[2].0, customer: owners[2].1),
        ]
      }
      var fresh = Home(devices(owners))
      var changed = Home(devices([("s1", "c1"), ("s2", nil), (nil, "c2")]))
      changed.aggregator.reassign(PipelineLayout(devices: devices(owners)))
      for _ in 0..<5 {
        for (device, field, power) in [("grid", "powerW", 500.0), ("bat", "powerW", -200), ("pv", "acPowerW", 900)] {
          fresh.give(device, field, power)
          changed.give(device, field, power)
        }
        fresh.advance(seconds: 10)
        changed.advance(seconds: 10)
      }
      for (scope, id) in [(WindowScope.site, "s1"), (.site, "s2"), (.customer, "c1"), (.customer, "c2")] {
        for metric in EnergyMetric.allCases {
          #expect(changed.total(scope, id, metric) == fresh.total(scope, id, metric), "\(scope) \(id) \(metric)")
          #expect(changed.covered(scope, id, metric) == fresh.covered(scope, id, metric))
        }
      }
    }
  }
}
