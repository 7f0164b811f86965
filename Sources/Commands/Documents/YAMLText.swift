internal import GoTemplate

/// A document as YAML, names in the order of their letters: how Podman prints `info`.
enum YAMLText {
    /// The document's lines, each ended by a line feed.
    static func text(_ document: Value) -> String {
        lines(document).map { "\($0)\n" }.joined()
    }

    private static func lines(_ value: Value) -> [String] {
        switch value {
        case .object(let object) where object.json == nil && !object.fields.isEmpty:
            let fields = object.fields.filter { $0.jsonName != nil && !($0.omitEmpty && !$0.value.isTrue) }
            return fields.sorted { ($0.jsonName ?? "") < ($1.jsonName ?? "") }.flatMap {
                entry("\($0.jsonName ?? ""):", $0.value, indent: "  ")
            }
        case .array(let array) where !array.isEmpty: return array.flatMap { entry("-", $0, indent: "") }
        case .null, .bool, .int, .double, .string, .array, .object: return [scalar(value)]
        }
    }

    private static func entry(_ head: String, _ value: Value, indent: String) -> [String] {
        if case .string(let text) = value, text.contains("\n") {
            return ["\(head) |-"] + text.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
        }
        let lines = lines(value)
        switch value {
        case .object(let object) where object.json == nil && !object.fields.isEmpty:
            return [head] + lines.map { indent + $0 }
        // A list stands as far left as its name.
        case .array(let array) where !array.isEmpty: return [head] + lines
        case .null, .bool, .int, .double, .string, .array, .object: return ["\(head) \(lines.joined())"]
        }
    }

    private static func scalar(_ value: Value) -> String {
        guard case .string(let text) = value else { return value.json() }
        return isPlain(text) ? text : text.contains("'") || text.isEmpty ? value.json() : quoted(text)
    }

    /// Numbers and words that YAML takes for something else stand in double quotes, as Go's writer has them.
    private static func quoted(_ text: String) -> String {
        isWord(text) ? Value.string(text).json() : "'\(text)'"
    }

    private static func isWord(_ text: String) -> Bool {
        Double(text) != nil || ["true", "false", "null", "yes", "no", "on", "off", "~"].contains(text.lowercased())
    }

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.first, let last = text.last, !isWord(text) else { return false }
        let reserved = "-?:,[]{}#&*!|>'\"%@` "
        return !reserved.contains(first) && last != " " && last != ":" && !text.contains(": ") && !text.contains(" #")
    }
}
