internal import ContainerEngine

/// `--filter` of `images` and `image prune`: values of one key are alternatives, keys must all hold.
struct ImageFilter {
    private typealias Condition = (ImageSummary) -> Bool
    /// Of these, one value is all that can be asked for.
    private static let switches: Set<String> = ["containers", "dangling", "intermediate", "manifest", "readonly"]
    private var conditions: [String: [Condition]] = [:]

    /// Parses `key=value` and `key!=value`.
    ///
    /// - Throws: `EngineError` that names a filter that there is not.
    init(_ texts: [String], _ engine: Engine) throws {
        var values: [String: String] = [:]
        for text in texts {
            guard let (key, value, isNegated) = Self.parts(text) else {
                throw EngineError(
                    "invalid image filter \"\(text)\": must be in the format \"filter=value or filter!=value\"")
            }
            let condition = try Self.condition(key, value, engine)
            if Self.switches.contains(key), values.updateValue(value, forKey: key).map({ $0 != value }) ?? false {
                throw EngineError(
                    "specifying \"\(key)\" filter more than once with different values is not supported")
            }
            conditions[key, default: []].append(isNegated ? { !condition($0) } : condition)
        }
    }

    /// Whether every key has a value that holds.
    func matches(_ image: ImageSummary) -> Bool {
        conditions.values.allSatisfy { $0.contains { $0(image) } }
    }

    private static func parts(_ text: String) -> (key: String, value: String, isNegated: Bool)? {
        if let range = text.firstRange(of: "!=") {
            return (String(text[..<range.lowerBound]), String(text[range.upperBound...]), true)
        }
        guard let equals = text.firstIndex(of: "=") else { return nil }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]), false)
    }

    private static func condition(_ key: String, _ value: String, _ engine: Engine) throws -> Condition {
        switch key {
        case "after", "since":
            let limit = try created(key, value, engine)
            return { ($0.created ?? 0) > limit }
        case "before":
            let limit = try created(key, value, engine)
            return { ($0.created ?? 0) < limit }
        case "containers":
            guard let isUsed = GoBool(argument: value)?.value else {
                throw EngineError("unsupported value \"\(value)\" for containers filter")
            }
            return { ($0.containers > 0) == isUsed }
        case "dangling":
            let wanted = try boolean(key, value)
            return { $0.isDangling == wanted }
        case "id": return { $0.id == value }
        case "intermediate":
            let wanted = try boolean(key, value)
            return { $0.isIntermediate == wanted }
        case "label":
            let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return { image in
                guard let found = image.labels?[parts.first ?? ""] else { return false }
                return parts.count < 2 || found == parts[1]
            }
        // There are neither lists of images nor stores that cannot be written.
        case "manifest", "readonly":
            let wanted = try boolean(key, value)
            return { _ in !wanted }
        case "reference": return reference(value)
        case "until":
            guard let limit = Engine.time(value) else {
                throw EngineError("failed to parse value as time or duration: \"\(value)\"")
            }
            return { ($0.created ?? 0) < limit }
        default: throw EngineError("unsupported image filter \"\(key)\"")
        }
    }

    private static func boolean(_ key: String, _ value: String) throws -> Bool {
        guard let word = GoBool(argument: value) else {
            throw EngineError("non-boolean value \"\(value)\" for \(key) filter")
        }
        return word.value
    }

    private static func created(_ key: String, _ value: String, _ engine: Engine) throws -> Int64 {
        do {
            return try engine.image(value).created ?? 0
        } catch let error as EngineError where error.kind == .noSuchImage {
            throw EngineError("could not find local image for filter \"\(key)\"=\"\(value)\": \(error)")
        }
    }

    /// Whether a name of the image is what the pattern says: the whole of it, without its registry, or the last
    /// component alone, each with its tag and without.
    private static func reference(_ value: String) -> Condition {
        let pattern = PathPattern(value)
        let isMeant = { (name: String) in
            let bytes = name.utf8
            let slashes = [nil, bytes.firstIndex(of: UInt8(ascii: "/")), bytes.lastIndex(of: UInt8(ascii: "/"))]
            let starts = slashes.map { $0.map(bytes.index(after:)) ?? name.startIndex }
            let end = bytes[starts[2]...].firstIndex { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: ":") }
            return starts.contains { start in
                pattern.matches(name[start...]) || end.map { pattern.matches(name[start..<$0]) } ?? false
            }
        }
        return { $0.names.contains(where: isMeant) || $0.digestNames.contains(where: isMeant) }
    }
}
