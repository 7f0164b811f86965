internal import TOMLKit

/// What is wrong with a TOML text, and where.
public struct TOMLError: Error, Hashable, CustomStringConvertible {
    /// The line, counted from 1; nil where no line is at fault.
    public var line: Int?
    /// What is wrong.
    public var reason: String

    /// `line N: REASON`.
    public var description: String { line.map { "line \($0): \(reason)" } ?? reason }
}

/// A TOML text (toml.io, version 1.0).
public struct TOMLText: Sendable {
    private let text: String

    /// Takes a text; nothing is read yet.
    public init(_ text: String) {
        self.text = text
    }

    /// What the text says, in a type's own words. Integers are to be decoded as `Int`: TOMLKit ends the program at one
    /// that is too large for a smaller type.
    ///
    /// - Throws: `TOMLError` when it is no TOML, or a value is of another type than is wanted.
    public func decode<Value: Decodable>(_ type: Value.Type) throws(TOMLError) -> Value {
        let text = withoutComments
        var outline = TOMLOutline(text)
        if let (line, reason) = outline.fault() { throw TOMLError(line: line, reason: reason) }
        do {
            return try TOMLDecoder().decode(type, from: text)
        } catch let error as TOMLParseError {
            throw TOMLError(line: error.source.begin.line, reason: error.description)
        } catch let error as DecodingError {
            throw Self.explain(error, in: text)
        } catch {
            throw TOMLError(reason: "\(error)")
        }
    }

    /// The text with empty lines for those that hold nothing but a comment: the files that distributions install are
    /// hundreds of those, and every command would have them read. In strings of several lines nothing is a comment.
    private var withoutComments: String {
        let bytes = Array(text.utf8)
        var kept: [UInt8] = []
        var start = 0
        while start < bytes.count {
            var end = start
            var first: UInt8?
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") {
                let byte = bytes[end]
                if first == nil, byte != UInt8(ascii: " "), byte != UInt8(ascii: "\t") { first = byte }
                let isQuote = byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
                if isQuote, end + 2 < bytes.count, bytes[end + 1] == byte, bytes[end + 2] == byte { return text }
                end += 1
            }
            if first != UInt8(ascii: "#") { kept += bytes[start..<end] }
            if end < bytes.count { kept.append(UInt8(ascii: "\n")) }
            start = end + 1
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private static func explain(_ error: DecodingError, in text: String) -> TOMLError {
        let (path, reason): ([any CodingKey], String) =
            switch error {
            case .keyNotFound(let key, let context):
                (
                    context.codingPath.last?.stringValue == key.stringValue
                        ? context.codingPath : context.codingPath + [key],
                    "is missing or has the wrong type"
                )
            case .dataCorrupted(let context): (context.codingPath, context.debugDescription)
            case .typeMismatch(_, let context), .valueNotFound(_, let context):
                (context.codingPath, "has the wrong type")
            @unknown default: ([], "not valid")
            }
        let names = path.map(\.stringValue)
        return TOMLError(line: TOMLOutline(text).line(of: names), reason: "\(names.joined(separator: ".")) \(reason)")
    }
}
