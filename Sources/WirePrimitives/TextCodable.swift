/// A value whose JSON form is its text, such as an address.
public protocol TextCodable: LosslessStringConvertible, Codable {}

extension TextCodable {
    /// Reads the value's text.
    ///
    /// - Throws: `DecodingError.dataCorrupted` when the text is not one.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not a \(Self.self)")
        }
        self = value
    }

    /// Writes the value's text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
