/// A check of JSON text before it is decoded: what two readers could understand differently is refused.
///
/// Decoders differ in what they do with a key that comes twice and with bytes after the end
/// (CVE-2021-41190), and recursive ones overflow the stack on deep nesting. This check is iterative: it looks
/// at each byte once. It does not prove the text valid; the decoder does that after it.
public enum ImageJSON {
    /// The greatest document that is read: 4 MiB, the bound of containers/image.
    public static let sizeLimit = 4 << 20
    /// The deepest nesting of arrays and objects.
    public static let depthLimit = 64

    /// Checks a document.
    ///
    /// - Throws: `ImageDocumentError` when it is longer than 4 MiB, not UTF-8, nested more than 64 deep, has a
    ///   key twice in one object, or has something after its end.
    public static func check(_ bytes: [UInt8]) throws(ImageDocumentError) {
        guard bytes.count <= sizeLimit else {
            throw .init("document of \(bytes.count) bytes is larger than \(sizeLimit)")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .init("document is not UTF-8") }
        var scanner = Scanner(bytes: bytes)
        try scanner.run()
    }
}

private struct Scanner {
    let bytes: [UInt8]
    var position = 0
    /// The open containers, outermost first: an object's keys so far, nil for an array.
    var open: [Set<[UInt8]>?] = []
    /// Whether the next string is a key.
    var expectsKey = false
    var finished = false

    mutating func run() throws(ImageDocumentError) {
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                position += 1
                continue
            default: break
            }
            guard !finished else { throw .init("document goes on after its end") }
            switch byte {
            case UInt8(ascii: "{"): try push([])
            case UInt8(ascii: "["): try push(nil)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): try pop(byte)
            case UInt8(ascii: ","):
                expectsKey = open.last.map { $0 != nil } ?? false
                position += 1
            case UInt8(ascii: "\""): try string()
            default: position += 1
            }
            if open.isEmpty, byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { finished = true }
        }
        guard finished else { throw .init("document is not a complete JSON object or array") }
    }

    private mutating func push(_ keys: Set<[UInt8]>?) throws(ImageDocumentError) {
        guard open.count < ImageJSON.depthLimit else {
            throw .init("document is nested more than \(ImageJSON.depthLimit) deep")
        }
        open.append(keys)
        expectsKey = keys != nil
        position += 1
    }

    private mutating func pop(_ byte: UInt8) throws(ImageDocumentError) {
        guard let last = open.popLast(), (last != nil) == (byte == UInt8(ascii: "}")) else {
            throw .init("document has a bracket too many")
        }
        expectsKey = false
        position += 1
    }

    private mutating func string() throws(ImageDocumentError) {
        let text = try content()
        guard expectsKey else { return }
        expectsKey = false
        let top = open.count - 1
        guard top >= 0, open[top]?.insert(text).inserted == true else {
            throw .init("document has the key \"\(String(decoding: text.prefix(100), as: UTF8.self))\" twice")
        }
    }

    /// The string at the position, its escapes resolved as far as two spellings of one key need it.
    private mutating func content() throws(ImageDocumentError) -> [UInt8] {
        position += 1
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return text
            case UInt8(ascii: "\\"):
                guard position < bytes.count else { break }
                let escape = bytes[position]
                position += 1
                text += escape == UInt8(ascii: "u") ? try codeUnit() : [Self.escapes[escape] ?? escape]
            default: text.append(byte)
            }
        }
        throw .init("document ends inside a string")
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
        UInt8(ascii: "t"): 9,
    ]

    /// `\uXXXX`, or two of them for a surrogate pair, as UTF-8.
    private mutating func codeUnit() throws(ImageDocumentError) -> [UInt8] {
        guard position + 4 <= bytes.count,
            let unit = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw .init("document has a damaged \\u escape") }
        position += 4
        if let scalar = Unicode.Scalar(unit) { return Array(String(Character(scalar)).utf8) }
        guard unit < 0xDC00, position + 6 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u"),
            let low = UInt32(String(decoding: bytes[position + 2..<position + 6], as: UTF8.self), radix: 16),
            (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
        else { throw .init("document has half a surrogate pair") }
        position += 6
        return Array(String(Character(scalar)).utf8)
    }
}
