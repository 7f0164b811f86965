public import LinuxSys

/// The file in which conmon leaves a container's exit code, named by the container's id.
public enum ExitFile {
    /// How a wait ended.
    public enum Outcome: Sendable, Hashable {
        /// The container ended with this code.
        case exited(Int32)
        /// The file was there and is gone: somebody has recorded the code elsewhere.
        case taken
        /// conmon was killed, so that no file will come.
        case monitorGone
        /// The time was over.
        case timedOut
    }

    /// The exit code; nil when there is no file.
    ///
    /// - Throws: `Errno.badMessage` when the file holds something else.
    public static func read(_ directory: String, id: String) throws(Errno) -> Int32? {
        do throws(Errno) {
            let text = try File.readText("\(directory)/\(id)", limit: 64)
            guard let code = Int32(text.filter { !$0.isWhitespace }) else { throw .badMessage }
            return code
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Waits for the file; it is not removed.
    ///
    /// - Parameters:
    ///   - directory: conmon's `--exit-dir`, which must be there.
    ///   - id: The container's id.
    ///   - monitor: conmon, whose end without a file ends the wait.
    ///   - timeout: How long; for ever if nil.
    /// - Returns: how the wait ended.
    /// - Throws: `Errno.badMessage` when the file holds something else; what inotify(7) and /proc say.
    public static func wait(
        _ directory: String, id: String, monitor: ProcessIdentity? = nil, timeout: Duration? = nil
    ) throws(Errno) -> Outcome {
        let deadline = Deadline(after: timeout)
        let handle = try monitor?.handle()
        // conmon writes the file within a millisecond of the end, and closing a watch takes the kernel more than ten
        // (it waits for its readers, fsnotify_wait_marks_destroyed): so a few looks come first.
        for _ in 0..<(handle == nil ? 1 : 10) {
            if let code = try read(directory, id: id) { return .exited(code) }
            var entries = [PollEntry(handle?.descriptor.raw ?? -1, .readable)]
            if try poll(&entries, until: Deadline(after: .milliseconds(1))) > 0 || deadline.hasPassed { break }
        }
        // The watch comes first: what happens between the look and the wait is not missed then.
        let watch = try DirectoryWatch()
        try watch.watch(directory)
        if let code = try read(directory, id: id) { return .exited(code) }
        if monitor != nil && handle == nil { return .monitorGone }
        while true {
            var entries = [PollEntry(watch.raw, .readable), PollEntry(handle?.descriptor.raw ?? -1, .readable)]
            let ready = try poll(&entries, until: deadline)
            let seen = try watch.take().contains { $0.name == id }
            if let code = try read(directory, id: id) { return .exited(code) }
            if seen { return .taken }
            if entries[1].returned != [] { return .monitorGone }
            if ready == 0 { return .timedOut }
        }
    }
}
