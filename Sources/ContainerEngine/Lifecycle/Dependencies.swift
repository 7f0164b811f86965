extension Engine {
    /// Full ids of containers, those that cannot be without another one of them before it, each once.
    ///
    /// - Parameters:
    ///   - references: names or ids.
    ///   - including: whether those that were not named, but cannot be without one that was, are among them.
    /// - Returns: the ids, in an order in which they can be removed.
    /// - Throws: `EngineError` of kind `.noSuchContainer`.
    public func removalOrder(_ references: [String], including: Bool) throws -> [String] {
        var order: [String] = []
        let named = try Set(references.map { try store.container($0).id })
        func visit(_ id: String) throws {
            guard !order.contains(id) else { return }
            for dependent in try store.dependents(of: id) where including || named.contains(dependent) {
                try visit(dependent)
            }
            order.append(id)
        }
        for reference in references { try visit(try store.container(reference).id) }
        return order
    }
}
