/// Writes JSON text front to back, without a tree in between.
///
/// A container's `config.json` is written on every start; this takes some tens of microseconds for it, where a
/// general encoder takes milliseconds. Keys and values are escaped as RFC 8259, section 7, asks.
public struct JSONText: Sendable {
    /// The text so far, UTF-8.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Starts an empty text with room for `capacity` bytes.
    public init(capacity: Int = 16384) {
        bytes.reserveCapacity(capacity)
    }

    /// An object as the value that is due; `body` writes its fields.
    public mutating func object(_ body: (inout JSONText) -> Void) {
        enclosed("{", "}", body)
    }

    /// An array as the value that is due.
    public mutating func array<Element>(_ elements: [Element], _ body: (inout JSONText, Element) -> Void) {
        enclosed("[", "]") { text in
            for element in elements { body(&text, element) }
        }
    }

    /// A string as the value that is due.
    public mutating func string(_ value: String) {
        separate()
        quote(value)
    }

    /// A number as the value that is due.
    public mutating func number(_ value: some BinaryInteger) {
        separate()
        bytes += Array(String(value).utf8)
    }

    /// `true` or `false` as the value that is due.
    public mutating func boolean(_ value: Bool) {
        separate()
        bytes += Array((value ? "true" : "false").utf8)
    }

    /// JSON text that is ready as the value that is due; it is not looked at.
    public mutating func raw(_ text: [UInt8]) {
        separate()
        bytes += text
    }

    /// A field's name; its value is due then.
    public mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A field that is a string; none if nil.
    public mutating func field(_ name: String, _ value: String?) {
        guard let value else { return }
        key(name)
        string(value)
    }

    /// A field that is a number; none if nil.
    public mutating func field(_ name: String, _ value: (some BinaryInteger)?) {
        guard let value else { return }
        key(name)
        number(value)
    }

    /// A field that is a truth value; none if nil.
    public mutating func field(_ name: String, _ value: Bool?) {
        guard let value else { return }
        key(name)
        boolean(value)
    }

    /// A field that is an array of strings; none if nil.
    public mutating func field(_ name: String, _ values: [String]?) {
        guard let values else { return }
        key(name)
        array(values) { $0.string($1) }
    }

    /// A field that is an array; none if nil.
    public mutating func field<Element>(
        _ name: String, _ values: [Element]?, _ body: (inout JSONText, Element) -> Void
    ) {
        guard let values else { return }
        key(name)
        array(values, body)
    }

    /// A field that is an object of strings, sorted by key; none if nil.
    public mutating func field(_ name: String, _ values: [String: String]?) {
        guard let values else { return }
        key(name)
        object { text in
            for (key, value) in values.sorted(by: { $0.key < $1.key }) { text.field(key, value) }
        }
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func enclosed(
        _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ body: (inout JSONText) -> Void
    ) {
        separate()
        bytes.append(UInt8(ascii: opening))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: closing))
        needsComma = true
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private mutating func quote(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                bytes += Array("\\u00".utf8)
                bytes.append(Self.digits[Int(byte >> 4)])
                bytes.append(Self.digits[Int(byte & 15)])
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
