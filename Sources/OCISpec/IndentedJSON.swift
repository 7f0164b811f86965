/// Valid JSON as text for people.
public enum IndentedJSON {
    /// The same document with a line for each value, as Go's `json.Indent` writes it: everything keeps its order
    /// and its spelling.
    ///
    /// - Parameters:
    ///   - bytes: the document, which must be valid (`ImageJSON.check`).
    ///   - indent: what stands before a line for each level.
    /// - Returns: the text, without a newline at its end.
    public static func text(_ bytes: [UInt8], by indent: String) -> String {
        var output: [UInt8] = []
        var level = 0
        var isInString = false
        var isEscaped = false
        // An empty object or array stays on its line.
        var hasJustOpened = false
        func newLine() {
            output.append(UInt8(ascii: "\n"))
            for _ in 0..<level { output += indent.utf8 }
        }
        for byte in bytes {
            if isInString {
                output.append(byte)
                if !isEscaped && byte == UInt8(ascii: "\"") { isInString = false }
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            if [0x20, 0x09, 0x0A, 0x0D].contains(byte) { continue }
            let closes = byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
            if hasJustOpened && !closes {
                level += 1
                newLine()
            } else if closes && !hasJustOpened {
                level -= 1
                newLine()
            }
            hasJustOpened = byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
            output.append(byte)
            switch byte {
            case UInt8(ascii: ","): newLine()
            case UInt8(ascii: ":"): output.append(UInt8(ascii: " "))
            case UInt8(ascii: "\""): isInString = true
            default: break
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
