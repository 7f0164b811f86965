internal import ContainerRuntime
internal import LinuxSys

extension Engine {
    /// Reads `wait --interval`: a Go duration, or a number of milliseconds.
    public static func waitInterval(_ text: String) throws -> Duration {
        if let number = Int64(text), number >= 0 { return .milliseconds(number) }
        guard let nanoseconds = LogTime.duration(text), nanoseconds >= 0 else {
            throw EngineError("time: invalid duration \"\(text)\"")
        }
        return .nanoseconds(nanoseconds)
    }

    /// Reads `wait --condition`: a state in one of Podman's words.
    ///
    /// - Throws: `EngineError`, in Podman's words, for one that a container here is never in.
    public static func waitCondition(_ text: String) throws -> ContainerState {
        switch text {
        case "stopped", "exited": return .exited
        case "created", "configured": return .created
        default:
            guard let state = ContainerState(rawValue: text), state != .creating else {
                throw EngineError("unknown container state: \(text): invalid argument")
            }
            return state
        }
    }

    /// Waits until a container is in one of some states; until it does not run if there are none.
    ///
    /// - Parameters:
    ///   - reference: its name or id.
    ///   - states: what is waited for.
    ///   - interval: how often to look for a state that nothing tells of. The end of a process tells of itself.
    /// - Returns: what its process last exited with; -1 if it has not ended since it was last started.
    /// - Throws: `EngineError` of kind `.noSuchContainer`.
    public func wait(_ reference: String, for states: [ContainerState], every interval: Duration) throws -> Int32 {
        let id = try store.container(reference).id
        if states.allSatisfy({ $0 == .exited }) { return try wait(id) }
        while true {
            let record = refreshed(try store.container(id))
            if states.contains(record.state) { return record.state == .exited ? record.exitCode ?? -1 : -1 }
            var none: [PollEntry] = []
            try poll(&none, until: Deadline(after: max(interval, .milliseconds(1))))
        }
    }
}
