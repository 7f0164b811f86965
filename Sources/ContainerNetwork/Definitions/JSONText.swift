/// JSON that keeps the order of its members, written as Go's `encoding/json` writes it.
public enum JSONText: Sendable {
    /// A text.
    case string(String)
    /// A whole number.
    case number(Int)
    /// `true` or `false`.
    case bool(Bool)
    /// Values in order.
    case array([JSONText])
    /// Members in order.
    case object([(String, JSONText)])

    /// A map from text to text, in the order of its keys as Go sorts them.
    static func map(_ values: [String: String]) -> JSONText {
        .object(
            values.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }.map { ($0, .string($1)) }
        )
    }

    /// The text, one member a line, `indent` spaces a level. Empty arrays and objects stay on one line.
    public func text(indent: Int) -> String {
        var text = ""
        write(to: &text, indent: indent, level: 0)
        return text
    }

    private func write(to text: inout String, indent: Int, level: Int) {
        switch self {
        case .string(let value): text += Self.quoted(value)
        case .number(let value): text += String(value)
        case .bool(let value): text += value ? "true" : "false"
        case .array(let values):
            Self.lines(values, "[", "]", &text, indent, level) { value, text in
                value.write(to: &text, indent: indent, level: level + 1)
            }
        case .object(let members):
            Self.lines(members, "{", "}", &text, indent, level) { member, text in
                text += Self.quoted(member.0) + ": "
                member.1.write(to: &text, indent: indent, level: level + 1)
            }
        }
    }

    private static func lines<Element>(
        _ elements: [Element], _ open: String, _ close: String, _ text: inout String, _ indent: Int, _ level: Int,
        _ body: (Element, inout String) -> Void
    ) {
        text += open
        for (position, element) in elements.enumerated() {
            text += (position == 0 ? "\n" : ",\n") + String(repeating: " ", count: indent * (level + 1))
            body(element, &text)
        }
        if !elements.isEmpty { text += "\n" + String(repeating: " ", count: indent * level) }
        text += close
    }

    /// Go escapes what HTML and JavaScript would stumble over as well.
    private static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
