/// `eq`, `ne`, `lt`, `le`, `gt` and `ge`.
enum Comparison {
    /// The kinds of value that can be compared with one another.
    private enum Kind { case bool, int, float, string }

    static func isEqual(_ left: Value, toAny others: ArraySlice<Value>) throws(CallError) -> Bool {
        guard !others.isEmpty else { throw CallError("missing argument for comparison") }
        for right in others where try isEqual(left, right) { return true }
        return false
    }

    private static func isEqual(_ left: Value, _ right: Value) throws(CallError) -> Bool {
        if left == .null || right == .null { return left == right }
        guard kind(left) == kind(right) else { throw CallError("incompatible types for comparison") }
        if case (.string(let first), .string(let second)) = (left, right) { return first.sameBytes(as: second) }
        try requireComparable(left)
        try requireComparable(right)
        return left == right
    }

    static func isLess(_ left: Value, _ right: Value) throws(CallError) -> Bool {
        guard let first = kind(left), let second = kind(right) else {
            throw CallError("invalid type for comparison")
        }
        guard first == second else { throw CallError("incompatible types for comparison") }
        switch (left, right) {
        case (.int(let first), .int(let second)): return first < second
        case (.double(let first), .double(let second)): return first < second
        case (.string(let first), .string(let second)): return first.precedesInBytes(second)
        default: throw CallError("invalid type for comparison")
        }
    }

    static func isLessOrEqual(_ left: Value, _ right: Value) throws(CallError) -> Bool {
        if try isLess(left, right) { return true }
        return try isEqual(left, right)
    }

    private static func kind(_ value: Value) -> Kind? {
        switch value {
        case .bool: .bool
        case .int: .int
        case .double: .float
        case .string: .string
        case .null, .array, .object: nil
        }
    }

    private static func requireComparable(_ value: Value) throws(CallError) {
        switch value {
        case .array: break
        case .object(let object) where object.kind == .map: break
        case .null, .bool, .int, .double, .string, .object: return
        }
        throw CallError("non-comparable type \(Printf.text(of: value)): \(value.goType)")
    }
}
