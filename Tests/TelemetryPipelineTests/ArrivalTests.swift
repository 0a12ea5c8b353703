import EnergyModel
import Synchronization
import TestSupport
import Testing

@testable import TelemetryPipeline

@Suite("What arrives in the pipeline")
struct ArrivalTests {
  private let battery = Home.device("battery", .battery, ["powerW"])
  private let grid = Home.device("grid", .meter, ["powerW"], role: .grid)

  @Test("What comes alone is aggregated by who brings it; for what follows at once the aggregator wakes up")
  func alone() async throws {
    let rig = try Rig([battery])
    let (pipeline, producer) = try await rig.pipeline(try await rig.open())
    let reading = try rig.reading("powerW", .number(1))
    func arrived() -> UInt64 { pipeline.statistics.acceptedSamples + pipeline.statistics.lateSamples }
    for round in 1...5 as ClosedRange<UInt64> {
      while !pipeline.doorbell.isParked { await Task.yield() }
      producer.accept([reading], device: 0)
      #expect(arrived() == 2 * round - 1)
      producer.accept([reading], device: 0)
      while arrived() < 2 * round { await Task.yield() }
      rig.clock.advance(by: .milliseconds(2))
    }
    await pipeline.stop()
  }

  @Test("Changes that nobody wants are left out")
  func unwantedChanges() async throws {
    let rig = try Rig([battery, grid])
    let (pipeline, producer) = try await rig.pipeline(try await rig.open())
    let isWanted = Mutex(false)
    let changes = pipeline.changes { isWanted.withLock { $0 } }
    producer.accept([try rig.reading("powerW", .number(1))], device: 0)
    pipeline.drain()
    while !pipeline.doorbell.isParked { await Task.yield() }
    isWanted.withLock { $0 = true }
    producer.accept([try rig.reading("powerW", .number(1))], device: 1)
    var iterator = changes.makeAsyncIterator()
    #expect(await iterator.next(isolation: nil) == [1])
    await pipeline.stop()
  }
}
