/// `html`, `js` and `urlquery`.
enum Escape {
    static func html(_ text: String) -> String {
        escaped(text) { scalar in
            switch scalar {
            case "\"": "&#34;"
            case "'": "&#39;"
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\0": "\u{FFFD}"
            default: nil
            }
        }
    }

    static func javaScript(_ text: String) -> String {
        escaped(text) { scalar in
            switch scalar {
            case "\\": return "\\\\"
            case "'": return "\\'"
            case "\"": return "\\\""
            case "<", ">", "&", "=": break
            default: if scalar >= " ", scalar == "\u{7F}" || Quote.isPrintable(scalar) { return nil }
            }
            return "\\u" + String(scalar.value, radix: 16, uppercase: true).leftPadded(to: 4)
        }
    }

    /// The text as part of a URL's query, Go's `url.QueryEscape`.
    static func query(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "~": result.unicodeScalars.append(scalar)
            case " ": result += "+"
            default: result += "%" + String(byte, radix: 16, uppercase: true).leftPadded(to: 2)
            }
        }
        return result
    }

    private static func escaped(_ text: String, _ escape: (Unicode.Scalar) -> String?) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if let replacement = escape(scalar) { result += replacement } else { result.unicodeScalars.append(scalar) }
        }
        return result
    }
}
