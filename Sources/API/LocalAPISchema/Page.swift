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

  /// All members, those that can be absent with a default.
  public init(
    data: [Item] = [], page: Int, perPage: Int, totalItems: Int, totalPages: Int
  ) {
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

  /// All members, those that can be absent with a default.
  public init(
    items: [Item] = [], totalItems: Int
  ) {
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

  /// All members, those that can be absent with a default.
  public init(
    offset: Int, limit: Int
  ) {
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
}
