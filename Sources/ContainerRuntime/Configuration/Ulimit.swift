public import OCISpec

extension RuntimeLimit {
    /// The kernel's names (getrlimit(2)), as `--ulimit` has them: in small letters, without `RLIMIT_`.
    private static let names: Set<String> = [
        "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss",
        "rtprio",
        "rttime", "sigpending", "stack",
    ]

    /// Reads `NAME=SOFT[:HARD]`, where -1 stands for no limit; nil when it is none.
    public init?(ulimit text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, Self.names.contains(parts[0].lowercased()) else { return nil }
        let values = parts[1].split(separator: ":", omittingEmptySubsequences: false).map(Self.number)
        guard (1...2).contains(values.count), let soft = values[0], let hard = values[values.count - 1], soft <= hard
        else { return nil }
        self.init(type: "RLIMIT_\(parts[0].uppercased())", hard: hard, soft: soft)
    }

    private static func number(_ text: Substring) -> UInt64? { text == "-1" ? .max : UInt64(text) }

    /// What `init(ulimit:)` reads.
    public var ulimit: String {
        func text(_ number: UInt64) -> String { number == .max ? "-1" : "\(number)" }
        return "\(type.dropFirst("RLIMIT_".count).lowercased())=\(text(soft)):\(text(hard))"
    }
}
