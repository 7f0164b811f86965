/// `--expose`: `PORT` or `FIRST-LAST`, and `/tcp`, `/udp` or `/sctp`.
enum ExposedPort {
    /// The ports that a text means, each as `80/tcp`.
    ///
    /// - Throws: `EngineError` in Podman's words.
    static func parse(_ text: String) throws -> [String] {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard halves.count <= 2 else { throw EngineError("invalid format for --expose: \(text)") }
        let ends = halves[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let numbers = try ends.map { try number($0, halves[0]) }
        let (first, last) = (numbers[0], numbers[numbers.count - 1])
        guard first <= last else {
            throw EngineError(
                "invalid range format for --expose: \(halves[0]): Invalid range specified for the Port: \(halves[0])")
        }
        let transport = halves.count == 2 ? halves[1].lowercased() : "tcp"
        guard ["tcp", "udp", "sctp"].contains(transport) else {
            throw EngineError(
                "validating protocols for exposed port \(first): unrecognized protocol \"\(halves[1])\" in port mapping"
            )
        }
        return (first...last).map { "\($0)/\(transport)" }
    }

    private static func number(_ text: String, _ range: String) throws -> UInt16 {
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber, let number = UInt16(text), number > 0 else {
            let reason = isNumber ? "value out of range" : "invalid syntax"
            throw EngineError(
                "invalid range format for --expose: \(range): strconv.ParseUint: parsing \"\(text)\": \(reason)")
        }
        return number
    }
}
