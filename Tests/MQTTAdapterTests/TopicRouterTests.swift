import Testing

@testable import MQTTAdapter

@Suite("Topic router")
struct TopicRouterTests {
  @Test("A topic goes to every endpoint whose filter matches, once")
  func routes() {
    let router = TopicRouter(subscriptions: [["a/b", "a/+"], ["a/#"], ["a/b", "x/+/z"], ["#"]])
    #expect(router.endpoints(for: "a/b") == [0, 1, 2, 3])
    #expect(router.endpoints(for: "a/c") == [0, 1, 3])
    #expect(router.endpoints(for: "a/c/d") == [1, 3])
    #expect(router.endpoints(for: "x/y/z") == [2, 3])
    #expect(router.endpoints(for: "q") == [3])
    #expect(router.endpoints(for: "$SYS/uptime") == [])
  }

  @Test("Each filter is subscribed to once, in order")
  func filters() {
    let router = TopicRouter(subscriptions: [["b", "a"], ["a", "c/#"]])
    #expect(router.filters == ["b", "a", "c/#"])
    #expect(router.endpoints(using: "a") == [0, 1])
    #expect(router.endpoints(using: "c/#") == [1])
  }
}
