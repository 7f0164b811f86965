/// Looks a TOML text over before toml++ 3.3, which TOMLKit wraps, reads it: at two kinds of mistake, both found by
/// fuzzing, that one ends the program (an assertion of its own fails) where it should report an error.
struct TOMLOutline {
    private var rest: Substring.UTF8View
    private var line = 1
    /// Where a statement begins, outside of every value: a table's header, or a key.
    private var statements: [(line: Int, rest: Substring.UTF8View)] = []

    init(_ text: String) {
        // A byte order mark counts for nothing.
        rest = text[...].utf8.dropFirst(text.utf8.starts(with: "\u{FEFF}".utf8) ? 3 : 0)
    }

    /// The first such mistake: a table's header that does not begin with a name, or an array with `}` for a value.
    mutating func fault() -> (line: Int, what: String)? { scan(noting: false) }

    private mutating func scan(noting: Bool) -> (line: Int, what: String)? {
        var depth = 0
        var beginsLine = true
        // The last byte that means something.
        var previous = UInt8(ascii: "\n")
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "\n"):
                beginsLine = true
                skip(1)
                continue
            case _ where Self.isBlank(byte):
                skip(1)
                continue
            case UInt8(ascii: "#"):
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
                continue
            default: break
            }
            if noting && beginsLine && depth == 0 { statements.append((line, rest)) }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(byte)
            case UInt8(ascii: "[") where beginsLine && depth == 0:
                if !skipHeader() { return (line, "there is no name between the brackets") }
            case UInt8(ascii: "}") where previous == UInt8(ascii: "[") || previous == UInt8(ascii: ","):
                return (line, "a value is missing before \"}\"")
            case UInt8(ascii: "["):
                depth += 1
                skip(1)
            case UInt8(ascii: "]"):
                depth = max(0, depth - 1)
                skip(1)
            default: skip(1)
            }
            previous = byte
            beginsLine = false
        }
        return nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    private mutating func skip(_ count: Int) {
        for byte in rest.prefix(count) where byte == UInt8(ascii: "\n") { line += 1 }
        rest = rest.dropFirst(count)
    }

    /// Goes to the name of a table's header, after one bracket or two; false if there is none.
    private mutating func skipHeader() -> Bool {
        skip(rest.starts(with: "[[".utf8) ? 2 : 1)
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard let first = rest.first.map(Unicode.Scalar.init), first.isASCII else { return false }
        return first.properties.isAlphabetic || "0123456789-_\"'".unicodeScalars.contains(first)
    }

    /// Goes behind a string of one line or, with three quotes, of several.
    private mutating func skipString(_ quote: UInt8) {
        let fence = [quote, quote, quote]
        let isLong = rest.starts(with: fence)
        skip(isLong ? 3 : 1)
        while let byte = rest.first {
            if isLong ? rest.starts(with: fence) : byte == quote { return skip(isLong ? 3 : 1) }
            // It does not end: toml++ says so.
            if !isLong && byte == UInt8(ascii: "\n") { return }
            skip(byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"") ? 2 : 1)
        }
    }

    // MARK: Lines

    /// The line of the statement that gives the value at `path`, or of the nearest that it is part of. Places in arrays
    /// are called as TOMLKit calls them: `Index 0`.
    func line(of path: [String]) -> Int? {
        var outline = self
        _ = outline.scan(noting: true)
        var table: [String] = []
        // How many tables each array has so far (`[[KEY]]`).
        var arrays: [[String]: Int] = [:]
        var best: (line: Int, length: Int)?
        for (line, rest) in outline.statements {
            let isHeader = rest.first == UInt8(ascii: "[")
            let end: UInt8 = isHeader ? UInt8(ascii: "]") : UInt8(ascii: "=")
            let key = Self.key(rest.drop { $0 == UInt8(ascii: "[") }.prefix { $0 != end && $0 != UInt8(ascii: "\n") })
            if isHeader {
                if rest.starts(with: "[[".utf8) { arrays[key, default: 0] += 1 }
                table = key.indices.flatMap { index in
                    [key[index]] + (arrays[Array(key[...index])].map { ["Index \($0 - 1)"] } ?? [])
                }
            }
            let whole = isHeader ? table : table + key
            if path.starts(with: whole), whole.count > best?.length ?? 0 { best = (line, whole.count) }
        }
        return best?.line
    }

    /// The names of a key with dots between, without quotes.
    private static func key(_ text: Substring.UTF8View) -> [String] {
        text.split(separator: UInt8(ascii: ".")).map { name in
            String(
                decoding: name.filter { !isBlank($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") },
                as: UTF8.self)
        }
    }
}
