/// One page of a list, as the API gives it.
public struct Page<Item: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
  /// The items of this page.
  public var data: [Item]
  /// Counted from 1.
  public var page: Int
  /// The most items on one page.
  public var perPage: Int
  /// Items on all pages.
  public var totalItems: Int
  /// At least 1.
  public var totalPages: Int
  /// What to give as `cursor` for what comes after this page; absent on the last one.
  public var nextCursor: String?

  /// All members, those that can be absent with a default.
  public init(
    data: [Item] = [], page: Int, perPage: Int, totalItems: Int, totalPages: Int, nextCursor: String? = nil
  ) {
    self.nextCursor = nextCursor
    self.data = data
    self.page = page
    self.perPage = perPage
    self.totalItems = totalItems
    self.totalPages = totalPages
  }
}

/// A part of a list, as the service gives it.
public struct ListSlice<Item: Sendable>: Sendable {
  /// The items from `offset`, at most `limit`.
  public var items: [Item]
  /// How many there are without offset and limit.
  public var totalItems: Int
  /// The key of the last item where more come after it.
  public var lastKey: String?

  /// All members, those that can be absent with a default.
  public init(
    items: [Item] = [], totalItems: Int, lastKey: String? = nil
  ) {
    self.lastKey = lastKey
    self.items = items
    self.totalItems = totalItems
  }
}

/// Which part of a list is wanted. The server has checked both numbers.
public struct SliceRequest: Sendable, Hashable {
  /// Items to leave out.
  public var offset: Int
  /// The most items to give.
  public var limit: Int
  /// Only items with a later key; then there is no offset.
  public var after: String?

  /// All members, those that can be absent with a default.
  public init(
    offset: Int, limit: Int, after: String? = nil
  ) {
    self.after = after
    self.offset = offset
    self.limit = limit
  }

  /// As many items as one page may have.
  public static let maxPerPage = 500
  /// Items on a page unless the request says otherwise.
  public static let defaultPerPage = 50

  /// The slice of a list that is in memory anyway.
  public func slice<Item: Sendable>(of items: [Item]) -> ListSlice<Item> {
    ListSlice(items: Array(items.dropFirst(max(0, offset)).prefix(max(0, limit))), totalItems: items.count)
  }

  /// The slice of a list in the order of its keys. What is added or removed meanwhile moves nothing from one slice that
  /// continues after a key to the next.
  public func slice<Item: Sendable>(of items: [Item], key: (Item) -> String) -> ListSlice<Item> {
    let rest = after.map { after in items.drop { key($0) <= after } } ?? items.dropFirst(max(0, offset))
    let page = Array(rest.prefix(max(0, limit)))
    return ListSlice(
      items: page, totalItems: items.count, lastKey: rest.count > page.count ? page.last.map(key) : nil)
  }
}
