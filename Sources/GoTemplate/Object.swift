/// A Go struct or a Go map with string keys. A class, for a template that goes over it takes it up at each step.
public final class Object: Sendable {
    /// How the object behaves when it is printed, written as JSON or asked for a name it has not.
    public enum Kind: Sendable {
        /// A Go struct: fields in declaration order, an unknown field is an error.
        case structure
        /// A Go map: sorted by key, an unknown key is `<no value>`.
        case map
    }

    /// A struct or a map.
    public let kind: Kind
    private let members: Members
    /// The Go name of the type, for error messages and `%T`.
    public let typeName: String?
    /// What the type's own `String` method gives, if it has one.
    public let text: String?
    /// What the type's own `MarshalJSON` method gives, if it has one.
    public let json: Value?
    /// What `index` gives for a key that a map has not: the zero value of its elements.
    public var missing: Value { given ?? Object.zero(of: kind == .map ? fields : []) }
    private let given: Value?

    private enum Members: Sendable {
        case made([Field])
        case found(StructureType, @Sendable (Int) -> Value)
    }

    /// Makes a struct or a map.
    ///
    /// - Parameters:
    ///   - kind: a struct or a map.
    ///   - fields: the members; a map sorts them and keeps the last of those with one key.
    ///   - typeName: the Go name of the type.
    ///   - text: replaces the members when the object is printed.
    ///   - json: replaces the members in JSON.
    ///   - missing: what `index` gives for a key that a map has not; by default the zero value of the elements,
    ///     and of an empty map the empty string, as most of Podman's maps hold strings.
    public init(
        kind: Kind, fields: [Field], typeName: String? = nil, text: String? = nil, json: Value? = nil,
        missing: Value? = nil
    ) {
        self.kind = kind
        members = .made(kind == .map ? Object.sorted(fields) : fields)
        self.typeName = typeName
        self.text = text
        self.json = json
        given = missing
    }

    /// Makes a struct whose fields are found, by their number, when they are asked for.
    init(_ type: StructureType, find: @escaping @Sendable (Int) -> Value) {
        kind = .structure
        members = .found(type, find)
        typeName = type.name
        (text, json, given) = (nil, nil, nil)
    }

    /// A Go struct with its fields in declaration order.
    public static func structure(_ fields: [Field], typeName: String? = nil) -> Object {
        Object(kind: .structure, fields: fields, typeName: typeName)
    }

    /// A Go map with string keys.
    ///
    /// - Parameters:
    ///   - pairs: the keys and elements in any order.
    ///   - missing: what `index` gives for an absent key, see ``init(kind:fields:typeName:text:json:missing:)``.
    /// - Returns: the map.
    public static func map(_ pairs: [(String, Value)], missing: Value? = nil) -> Object {
        Object(kind: .map, fields: pairs.map { Field($0.0, $0.1) }, missing: missing)
    }

    /// The members: in declaration order for a struct, sorted by key for a map.
    public var fields: [Field] {
        switch members {
        case .made(let fields): fields
        case .found(let type, let find): type.fields.indices.map { type.field($0, find) }
        }
    }

    /// The member of that name: the Go name first, for a struct also the JSON name.
    public func field(_ name: String) -> Field? {
        switch (members, kind) {
        case (.found(let type, let find), _):
            let fields = type.fields
            let found =
                fields.firstIndex { $0.name.sameBytes(as: name) }
                ?? fields.firstIndex { $0.json?.sameBytes(as: name) ?? false }
            return found.map { type.field($0, find) }
        case (.made(let fields), .structure):
            return fields.first { $0.name.sameBytes(as: name) }
                ?? fields.first { $0.jsonName?.sameBytes(as: name) ?? false }
        case (.made(let fields), .map):
            var low = 0
            var high = fields.count
            while low < high {
                let middle = (low + high) / 2
                if fields[middle].name.precedesInBytes(name) { low = middle + 1 } else { high = middle }
            }
            return low < fields.count && fields[low].name.sameBytes(as: name) ? fields[low] : nil
        }
    }

    /// The fields that Go's `%v` prints: methods are not among them.
    var printedFields: [Field] {
        kind == .map ? fields : fields.filter { $0.jsonName != nil }
    }

    var goType: String {
        if let typeName { return typeName }
        switch kind {
        case .structure: return "struct"
        case .map: return "map[string]" + (fields.isEmpty ? missing.goType : Value.commonType(fields.map(\.value)))
        }
    }

    private static func sorted(_ fields: [Field]) -> [Field] {
        var result: [Field] = []
        result.reserveCapacity(fields.count)
        // The sort is stable, so of equal keys the last given comes last and replaces the others.
        for field in fields.sorted(by: { $0.name.precedesInBytes($1.name) }) {
            if let last = result.last, last.name.sameBytes(as: field.name) { result.removeLast() }
            result.append(field)
        }
        return result
    }

    private static func zero(of fields: [Field]) -> Value {
        guard let first = fields.first?.value else { return "" }
        // Elements of several types make a Go map of interfaces, whose zero value is nil.
        return Value.commonType(fields.map(\.value)) == first.goType ? first.zero : .null
    }
}

/// A type of Go struct whose fields are found when they are asked for, and not before. It suits the rows of lists,
/// which have many fields and show few.
public struct StructureType: Sendable {
    let name: String
    let fields: [(name: String, json: String?)]

    /// A type from its Go name, and the Go names of its fields in declaration order with those in JSON, or nil for a
    /// field that only templates see.
    public init(_ name: String, fields: [(name: String, json: String?)]) {
        self.name = name
        self.fields = fields
    }

    /// A struct of this type. `find` gives the value of a field by its place among the fields.
    public func value(_ find: @escaping @Sendable (Int) -> Value) -> Value { .object(Object(self, find: find)) }

    func field(_ index: Int, _ find: @escaping @Sendable (Int) -> Value) -> Object.Field {
        .computed(fields[index].name, json: fields[index].json) { find(index) }
    }
}

extension Object: Equatable {
    /// Whether the two are of one kind and have equal members.
    public static func == (left: Object, right: Object) -> Bool {
        left.kind == right.kind && left.text == right.text && left.fields == right.fields
    }
}

extension Object {
    /// One member of an object.
    public struct Field: Sendable, Equatable {
        /// The Go name, for example `ID`, or the key in a map.
        public let name: String
        /// The name in JSON; nil for a method, which is neither in JSON nor printed with its struct.
        public let jsonName: String?
        /// Whether JSON leaves the field out when it is false, zero, nil or empty.
        public let omitEmpty: Bool
        private let content: Content

        /// A method: how many arguments it takes and what it gives for them.
        struct Method: Sendable {
            let parameters: Int
            let call: @Sendable ([Value]) -> Value
        }

        private enum Content: Sendable {
            case value(Value)
            case computed(@Sendable () -> Value)
            case method(Method)
        }

        /// Makes a field whose name in JSON is its Go name.
        public init(_ name: String, _ value: Value) {
            self.init(name, json: name, value)
        }

        /// Makes a field with a name of its own in JSON, or with nil a value that only templates see.
        public init(_ name: String, json: String?, omitEmpty: Bool = false, _ value: Value) {
            self.name = name
            self.jsonName = json
            self.omitEmpty = omitEmpty
            self.content = .value(value)
        }

        /// Makes a Go method, called each time a template names it. Use it for values that are dear to find.
        ///
        /// - Parameters:
        ///   - name: the Go name.
        ///   - parameters: the number of arguments, as in `{{.Label "key"}}`; all are strings.
        ///   - call: gives the value; it gets exactly that many arguments.
        /// - Returns: a field that is neither in JSON nor printed with its struct.
        public static func method(
            _ name: String, parameters: Int = 0, _ call: @escaping @Sendable ([Value]) -> Value
        ) -> Field {
            Field(name: name, content: .method(Method(parameters: parameters, call: call)))
        }

        /// Makes a field that is like any other, but found only when it is named, printed or written as JSON.
        public static func computed(
            _ name: String, json: String?, _ compute: @escaping @Sendable () -> Value
        ) -> Field {
            Field(name: name, json: json, content: .computed(compute))
        }

        private init(name: String, json: String? = nil, content: Content) {
            self.name = name
            self.jsonName = json
            self.omitEmpty = false
            self.content = content
        }

        /// The value; of a method that wants arguments, `null`.
        public var value: Value {
            switch content {
            case .value(let value): value
            case .computed(let compute): compute()
            case .method(let method): method.parameters == 0 ? method.call([]) : .null
            }
        }

        var method: Method? {
            switch content {
            case .value, .computed: nil
            case .method(let method): method
            }
        }

        /// Whether the two have the same names and values.
        public static func == (left: Field, right: Field) -> Bool {
            left.name == right.name && left.jsonName == right.jsonName && left.value == right.value
        }
    }
}

extension String {
    /// Go compares strings by their bytes; Swift's `==` also takes differently composed letters for equal.
    func sameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }

    /// Go's order of strings.
    func precedesInBytes(_ other: String) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }
}
