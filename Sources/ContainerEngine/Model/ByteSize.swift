/// Sizes as people type them: `64m`, `1.5g`, `100`.
public enum ByteSize {
    private static let powers: [Character: Int] = ["b": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50]

    /// The number of bytes that a text means (Docker's `units.RAMInBytes`): units are powers of 1024, `kb` and `kib`
    /// are `k`, and capitals are no matter.
    ///
    /// - Throws: `EngineError`, in Podman's words, when it is no size.
    public static func parse(_ text: String) throws -> Int64 {
        let number = text.prefix { $0.isNumber || $0 == "." }
        var unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
        if unit.count > 1, unit.hasSuffix("ib") {
            unit.removeLast(2)
        } else if unit.count == 2, unit.hasSuffix("b") {
            unit.removeLast()
        }
        guard let value = Double(number), unit.count < 2, let power = powers[unit.first ?? "b"],
            let bytes = Int64(exactly: (value * Double(1 << power)).rounded(.down))
        else { throw EngineError("invalid size: '\(text)'") }
        return bytes
    }
}
