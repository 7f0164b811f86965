/// A tree of data that a template walks and that can be written as JSON.
///
/// The cases are the kinds of Go value that Podman's reports are made of.
public enum Value: Sendable, Equatable {
    /// A nil pointer or nil interface: printed `<nil>`, in JSON `null`.
    case null
    /// A Go `bool`.
    case bool(Bool)
    /// Any of Go's integers.
    case int(Int64)
    /// A Go `float64`.
    case double(Double)
    /// A Go `string`.
    case string(String)
    /// A Go slice or array.
    case array([Value])
    /// A Go struct or map, see ``Object``.
    case object(Object)
}

extension Value {
    /// A Go slice that was never made: printed `[]`, in JSON `null`.
    ///
    /// It is empty like a map that was never made, so `range` and `len` need not tell the two apart.
    public static let nilSlice = Value.object(
        Object(kind: .map, fields: [], typeName: "[]interface {}", text: "[]", json: .null))

    /// A Go map that was never made: printed `map[]`, in JSON `null`.
    public static let nilMap = Value.object(Object(kind: .map, fields: [], text: "map[]", json: .null))

    /// A Go struct with its fields in declaration order.
    ///
    /// - Parameters:
    ///   - fields: the fields and methods.
    ///   - typeName: the Go name of the type, used in error messages.
    /// - Returns: an ``object(_:)``.
    public static func structure(_ fields: [Object.Field], typeName: String? = nil) -> Value {
        .object(.structure(fields, typeName: typeName))
    }

    /// A Go map with string keys, kept sorted by key.
    public static func map(_ pairs: [(String, Value)]) -> Value {
        .object(.map(pairs))
    }

    /// A Go `[]string`.
    public static func strings(_ list: some Sequence<String>) -> Value {
        .array(list.map { .string($0) })
    }

    /// A value that prints one way and is another in JSON, as Go's `time.Time` does.
    public static func printed(_ text: String, json: Value, typeName: String? = nil) -> Value {
        .object(Object(kind: .structure, fields: [], typeName: typeName, text: text, json: json))
    }
}

extension Value {
    /// Whether `if`, `with`, `and`, `or` and `not` take the value for true: neither zero, nil nor empty.
    ///
    /// A struct is always true, see the section "Actions" of Go's `text/template`.
    public var isTrue: Bool {
        switch self {
        case .null: false
        case .bool(let bool): bool
        case .int(let int): int != 0
        case .double(let double): double != 0
        case .string(let string): !string.utf8.isEmpty
        case .array(let array): !array.isEmpty
        case .object(let object): object.kind == .structure || !object.fields.isEmpty
        }
    }

    /// The value, or nothing if it is nil.
    var orNothing: Value? {
        // A bare `nil` could be read as the value null.
        self == .null ? Value?.none : self
    }

    /// The name of the Go type that such a value has, for messages and `%T`.
    var goType: String {
        switch self {
        case .null: "interface {}"
        case .bool: "bool"
        case .int: "int"
        case .double: "float64"
        case .string: "string"
        case .array(let array): "[]" + Value.commonType(array)
        case .object(let object): object.goType
        }
    }

    /// The one type of all the values, or Go's `interface {}`.
    static func commonType(_ values: some Collection<Value>) -> String {
        guard let first = values.first?.goType, values.allSatisfy({ $0.goType == first }) else {
            return "interface {}"
        }
        return first
    }

    /// The value that a Go map with such elements gives for a key it has not.
    var zero: Value {
        switch self {
        case .null: .null
        case .bool: false
        case .int: 0
        case .double: 0.0
        case .string: ""
        case .array: .nilSlice
        case .object(let object): object.kind == .map ? .nilMap : .null
        }
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    /// Makes a string.
    public init(stringLiteral value: String) {
        self = .string(value)
    }
}

extension Value: ExpressibleByIntegerLiteral {
    /// Makes an integer.
    public init(integerLiteral value: Int64) {
        self = .int(value)
    }
}

extension Value: ExpressibleByFloatLiteral {
    /// Makes a floating-point number.
    public init(floatLiteral value: Double) {
        self = .double(value)
    }
}

extension Value: ExpressibleByBooleanLiteral {
    /// Makes a truth value.
    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }
}

extension Value: ExpressibleByArrayLiteral {
    /// Makes a slice.
    public init(arrayLiteral elements: Value...) {
        self = .array(elements)
    }
}

extension Value: ExpressibleByNilLiteral {
    /// Makes a nil.
    public init(nilLiteral: ()) {
        self = .null
    }
}
