/// The keys that leave a container without ending it: `--detach-keys`.
public struct DetachKeys: Sendable, Hashable {
    /// The bytes to type one after the other; none means that nothing detaches.
    public let sequence: [UInt8]

    /// `ctrl-p,ctrl-q`.
    public static let standard = DetachKeys(sequence: [0x10, 0x11])
    /// Nothing detaches.
    public static let none = DetachKeys(sequence: [])

    private init(sequence: [UInt8]) {
        self.sequence = sequence
    }

    /// Reads the option: single characters and `ctrl-` with a letter or one of `@ [ \ ] ^ _`, separated by commas;
    /// empty for none.
    ///
    /// - Throws: `RuntimeFailure` for anything else.
    public init(_ text: String) throws(RuntimeFailure) {
        guard !text.isEmpty else {
            sequence = []
            return
        }
        var bytes: [UInt8] = []
        for key in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let byte = Self.byte(key) else {
                throw RuntimeFailure(.invalidProcess, "invalid detach keys: Unknown character: '\(key)'")
            }
            bytes.append(byte)
        }
        sequence = bytes
    }

    private static func byte(_ key: Substring) -> UInt8? {
        if let only = key.utf8.first, key.utf8.count == 1, only > 0x20, only < 0x7f { return only }
        if key == "DEL" { return 0x7f }
        let control = key.lowercased()
        guard control.hasPrefix("ctrl-"), let letter = control.utf8.last, control.utf8.count == 6 else { return nil }
        switch letter {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return letter - 0x60
        case UInt8(ascii: "@"), UInt8(ascii: "["), UInt8(ascii: "\\"), UInt8(ascii: "]"), UInt8(ascii: "^"),
            UInt8(ascii: "_"):
            return letter - 0x40
        default: return nil
        }
    }
}

/// Looks for the keys in what is typed, and holds back what may be their beginning.
struct DetachMatcher {
    private let sequence: [UInt8]
    /// How many of the keys have been seen and held back.
    private var matched = 0

    init(_ keys: DetachKeys) {
        sequence = keys.sequence
    }

    /// Takes what was typed: what is to be passed on, and whether the keys are complete; what comes after them is
    /// dropped.
    mutating func feed(_ bytes: [UInt8]) -> (forward: [UInt8], detached: Bool) {
        guard !sequence.isEmpty else { return (bytes, false) }
        var forward: [UInt8] = []
        for byte in bytes {
            // On a mismatch the longest end of what was held that begins the keys stays held.
            while matched > 0 && byte != sequence[matched] {
                let shorter = fallback()
                forward += sequence[..<(matched - shorter)]
                matched = shorter
            }
            if byte == sequence[matched] {
                matched += 1
                if matched == sequence.count { return (forward, true) }
            } else {
                forward.append(byte)
            }
        }
        return (forward, false)
    }

    /// What is still held back when nothing more is typed.
    mutating func flush() -> [UInt8] {
        defer { matched = 0 }
        return Array(sequence.prefix(matched))
    }

    private func fallback() -> Int {
        let held = sequence[..<matched]
        return (0..<matched).last { length in held.suffix(length).elementsEqual(sequence.prefix(length)) } ?? 0
    }
}
