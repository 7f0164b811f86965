/// `len`, `index` and `slice`.
enum Collections {
    static func length(of value: Value) throws(CallError) -> Int {
        switch value {
        case .string(let string): return string.utf8.count
        case .array(let array): return array.count
        case .object(let object) where object.kind == .map: return object.fields.count
        case .null: throw CallError("len of nil pointer")
        case .bool, .int, .double, .object: throw CallError("len of type \(value.goType)")
        }
    }

    /// The element at the first index, of that the one at the second, and so on; nil where a map holds nil.
    static func element(of value: Value, at indices: ArraySlice<Value>) throws(CallError) -> Value? {
        if value == .null { throw CallError("index of untyped nil") }
        var value: Value? = value == .nilSlice ? [] : value
        for index in indices { value = try element(of: value ?? .null, at: index) }
        return value
    }

    private static func element(of value: Value, at index: Value) throws(CallError) -> Value? {
        switch value {
        case .array(let array):
            return array[try position(index, below: array.count)]
        case .string(let string):
            let bytes = string.utf8
            let offset = try position(index, below: bytes.count)
            return .int(Int64(bytes[bytes.index(bytes.startIndex, offsetBy: offset)]))
        case .object(let object) where object.kind == .map:
            guard case .string(let key) = index else {
                throw CallError(
                    index == .null
                        ? "value is nil; should be of type string" : "value has type \(index.goType); should be string")
            }
            return (object.field(key)?.value ?? object.missing).orNothing
        case .null: throw CallError("index of nil pointer")
        case .bool, .int, .double, .object: throw CallError("can't index item of type \(value.goType)")
        }
    }

    private static func position(_ index: Value, below count: Int, inclusive: Bool = false) throws(CallError) -> Int {
        guard index != .null else { throw CallError("cannot index slice/array with nil") }
        guard case .int(let int) = index else {
            throw CallError("cannot index slice/array with type \(index.goType)")
        }
        guard let position = Int(exactly: int), position >= 0, inclusive ? position <= count : position < count else {
            throw CallError("index out of range: \(int)")
        }
        return position
    }

    /// The part from the first index up to the second; Go allows a third for arrays, which says how far the
    /// result may grow and changes nothing here.
    static func slice(of value: Value, from indices: [Value]) throws(CallError) -> Value {
        if value == .null { throw CallError("slice of untyped nil") }
        guard indices.count <= 3 else { throw CallError("too many slice indexes: \(indices.count)") }
        switch value == .nilSlice ? [] : value {
        case .array(let array):
            let range = try range(indices, of: array.count)
            return .array(Array(array[range]))
        case .string(let string):
            guard indices.count < 3 else { throw CallError("cannot 3-index slice a string") }
            let bytes = Array(string.utf8)
            // A cut through a character leaves U+FFFD, for a Swift string is always valid.
            return .string(String(decoding: bytes[try range(indices, of: bytes.count)], as: UTF8.self))
        case .null, .bool, .int, .double, .object: throw CallError("can't slice item of type \(value.goType)")
        }
    }

    private static func range(_ indices: [Value], of count: Int) throws(CallError) -> Range<Int> {
        var positions = [0, count]
        for (place, index) in indices.enumerated() {
            let position = try position(index, below: count, inclusive: true)
            if place < 2 { positions[place] = position } else { positions.append(position) }
        }
        for (low, high) in zip(positions, positions.dropFirst()) where low > high {
            throw CallError("invalid slice index: \(low) > \(high)")
        }
        return positions[0]..<positions[1]
    }
}
