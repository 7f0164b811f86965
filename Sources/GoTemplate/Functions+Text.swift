/// `lower`, `upper`, `title`, `split`, `pad` and `truncate`.
enum Letters {
    /// The most spaces that `pad` adds on one side, as with `printf`.
    private static let maxPadding = 1_000_000

    static func lower(_ text: String) -> String {
        mapped(text, \.properties.lowercaseMapping)
    }

    static func upper(_ text: String) -> String {
        mapped(text, \.properties.uppercaseMapping)
    }

    /// Go's `strings.Title`: a capital at the start of each word.
    static func title(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var startsWord = true
        for scalar in text.unicodeScalars {
            result.append(startsWord ? single(scalar.properties.titlecaseMapping) ?? scalar : scalar)
            startsWord = scalar.isASCII ? !scalar.isWord : scalar.properties.isWhitespace
        }
        return String(result)
    }

    /// Go's `strings.Split`: an empty separator splits between characters.
    static func split(_ text: String, at separator: String) -> [String] {
        guard !separator.utf8.isEmpty else { return text.unicodeScalars.map { String($0) } }
        let bytes = Array(text.utf8)
        let pattern = Array(separator.utf8)
        var parts: [String] = []
        var start = 0
        var position = 0
        while position + pattern.count <= bytes.count {
            if bytes[position...].starts(with: pattern) {
                parts.append(String(decoding: bytes[start..<position], as: UTF8.self))
                position += pattern.count
                start = position
            } else {
                position += 1
            }
        }
        return parts + [String(decoding: bytes[start...], as: UTF8.self)]
    }

    /// The text between spaces; nothing if the text is empty.
    static func pad(_ text: String, before: Int64, behind: Int64) throws(CallError) -> String {
        guard !text.isEmpty else { return text }
        return try spaces(before) + text + spaces(behind)
    }

    private static func spaces(_ count: Int64) throws(CallError) -> String {
        guard (0...Int64(maxPadding)).contains(count) else {
            throw CallError("padding must be from 0 to \(maxPadding), not \(count)")
        }
        return String(repeating: " ", count: Int(count))
    }

    /// At most that many bytes of the text, and no half character at the end.
    static func truncate(_ text: String, to length: Int64) throws(CallError) -> String {
        guard length >= 0 else { throw CallError("length must not be negative, but is \(length)") }
        guard length < text.utf8.count else { return text }
        var bytes = Array(text.utf8.prefix(Int(length)))
        while let last = bytes.last, String(validating: bytes, as: UTF8.self) == nil {
            bytes.removeLast()
            if last >= 0xC0 { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Go maps each code point to one; where Unicode has several, as for `ß`, it stays.
    private static func mapped(_ text: String, _ mapping: (Unicode.Scalar) -> String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(single(mapping(scalar)) ?? scalar) }
        return String(result)
    }

    private static func single(_ text: String) -> Unicode.Scalar? {
        text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
    }
}
