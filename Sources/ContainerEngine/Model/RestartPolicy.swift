/// `--restart`: when a container whose process has ended is started again.
public struct RestartPolicy: Codable, Sendable, Hashable {
    /// `on-failure`, `always` or `unless-stopped`.
    public var name: String
    /// How often at most; no limit if nil.
    public var retries: Int64?

    /// Reads the option; nil for the policy that never starts anything again.
    ///
    /// - Throws: `EngineError`, in Podman's words.
    public static func parse(_ text: String) throws -> RestartPolicy? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts[0]
        var retries: Int64?
        if parts.count > 1 {
            guard name == "on-failure" else {
                throw EngineError("restart policy retries can only be specified with on-failure restart policy")
            }
            guard let number = Int64(parts[1]) else {
                throw EngineError(
                    "parsing restart policy retry count: strconv.Atoi: parsing \"\(parts[1])\": invalid syntax")
            }
            guard number >= 0 else {
                throw EngineError("must specify restart policy retry count as a number greater than 0")
            }
            retries = number == 0 ? nil : number
        }
        switch name {
        case "", "no": return nil
        case "on-failure", "always", "unless-stopped": return RestartPolicy(name: name, retries: retries)
        default:
            throw EngineError(
                "running container create option: \"\(name)\" is not a valid restart policy: invalid argument")
        }
    }

    /// Whether a process that ended with `code` is started again, after so many times already.
    func starts(after code: Int32, restarts: Int64) -> Bool {
        switch name {
        case "on-failure": code != 0 && restarts < retries ?? .max
        default: true
        }
    }
}
