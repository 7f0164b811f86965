/// The name of a content: an algorithm and its hash of the bytes (OCI image-spec, descriptor.md, "Digests").
///
/// A value of this type is always well formed, so a path may be built from its parts: the algorithm is one of
/// two words and the hash is lower-case hex of that algorithm's length. Nothing else can be made.
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The hashes that the image specification registers.
    public enum Algorithm: String, Sendable, CaseIterable {
        /// SHA-256, 64 hex digits.
        case sha256
        /// SHA-512, 128 hex digits.
        case sha512

        /// How many hex digits its hash has.
        public var length: Int {
            switch self {
            case .sha256: 64
            case .sha512: 128
            }
        }
    }

    /// Which hash.
    public let algorithm: Algorithm
    /// The hash in lower-case hex.
    public let hex: String

    /// Reads `sha256:` and 64, or `sha512:` and 128 lower-case hex digits; nil for anything else.
    public init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = String(parts[0]), let hex = String(parts[1]),
            let algorithm = Algorithm(rawValue: name)
        else { return nil }
        self.init(algorithm, hex: hex)
    }

    /// From an algorithm and its hash in lower-case hex; nil if the hash is not that.
    public init?(_ algorithm: Algorithm, hex: String) {
        guard hex.utf8.count == algorithm.length, hex.utf8.allSatisfy(Self.isHex) else { return nil }
        self.algorithm = algorithm
        self.hex = hex
    }

    /// From a SHA-256 hash's 32 bytes; nil for another number of bytes.
    public init?(sha256 bytes: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        let hex = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        self.init(.sha256, hex: String(decoding: hex, as: UTF8.self))
    }

    /// `sha256:…`.
    public var description: String { "\(algorithm.rawValue):\(hex)" }

    /// By text.
    public static func < (one: Digest, other: Digest) -> Bool {
        (one.algorithm.rawValue, one.hex) < (other.algorithm.rawValue, other.hex)
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}

extension Digest: Codable {
    /// Reads the text form; anything else is `DecodingError.dataCorrupted`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = Digest(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not a sha256 or sha512 digest: \(text.prefix(100))")
        }
        self = digest
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
