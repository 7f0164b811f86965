internal import LinuxSys

/// Reads the logs of several containers side by side, in the order of their entries' times.
public struct LogMerge {
    private var sources: [Source]
    private let request: LogReader.Request

    /// One of the logs, and what of it has been read and not handed out.
    private struct Source {
        let reader: LogReader
        var cursor = LogCursor()
        var waiting: ArraySlice<LogRecord> = []
        var hasEnded = false

        /// Reads on until there is an entry, or the end of what is there.
        mutating func fill(_ request: LogReader.Request) throws {
            guard waiting.isEmpty, !hasEnded, let file = try reader.open() else { return }
            var records: [LogRecord] = []
            let keep = { (record: LogRecord) in
                records.append(record)
                return true
            }
            if cursor.identity == nil {
                try cursor.begin(file, request)
            } else {
                try cursor.notice(file, request, keep)
            }
            while records.isEmpty, try cursor.readBlock(file, request, keep) {}
            waiting = records[...]
        }

        /// Hands out a last line that has no end; there will be no more.
        mutating func finish(_ request: LogReader.Request) throws {
            guard !hasEnded else { return }
            hasEnded = true
            var records: [LogRecord] = []
            try cursor.finish(request) { record in
                records.append(record)
                return true
            }
            waiting += records
        }
    }

    /// Reads the logs at these absolute paths; one that is not there yet is empty.
    public init(_ paths: [String], _ request: LogReader.Request) {
        sources = paths.map { Source(reader: LogReader($0)) }
        self.request = request
    }

    /// Hands out the entries, oldest first, each with the index of its log.
    ///
    /// - Parameters:
    ///   - exitDirectory: where conmon leaves exit codes: a change there makes `isRunning` be asked.
    ///   - isRunning: whether more can come in the log with this index; asked when following.
    ///   - each: takes an entry.
    /// - Throws: `Errno` of reading, and what the closures throw.
    public mutating func read(
        exitDirectory: String? = nil, isRunning: (Int) throws -> Bool = { _ in false },
        each: (Int, LogRecord) throws -> Void
    ) throws {
        if request.follow { try follow(exitDirectory, isRunning, each) }
        try drain(each)
        for index in sources.indices { try sources[index].finish(request) }
        try drain(each)
    }

    /// Hands out entries until none of the containers runs, or until the time that was asked for.
    private mutating func follow(
        _ exitDirectory: String?, _ isRunning: (Int) throws -> Bool, _ each: (Int, LogRecord) throws -> Void
    ) throws {
        let watch = try DirectoryWatch()
        for source in sources { try watch.watch(source.reader.directory, contents: true) }
        if let exitDirectory { try watch.watch(exitDirectory) }
        let end = Deadline(after: request.until.map { .nanoseconds(max(0, $0 - Clock.now)) })
        while !end.hasPassed {
            // Asked before the look, so that nothing written before the end is missed.
            let running = try sources.indices.map { try !sources[$0].hasEnded && isRunning($0) }
            try drain(each)
            for index in sources.indices where !running[index] || sources[index].cursor.isDone {
                try sources[index].finish(request)
            }
            try drain(each)
            if sources.allSatisfy(\.hasEnded) { return }
            var entries = [PollEntry(watch.raw, .readable)]
            // A second at most: a monitor that is killed leaves no file.
            let second = Deadline(after: .seconds(1))
            try poll(&entries, until: (0..<1000).contains(end.milliseconds) ? end : second)
            _ = try watch.take()
        }
    }

    /// Hands out what is there now.
    private mutating func drain(_ each: (Int, LogRecord) throws -> Void) throws {
        while true {
            for index in sources.indices { try sources[index].fill(request) }
            let first = sources.indices.filter { !sources[$0].waiting.isEmpty }.min { left, right in
                (sources[left].waiting.first?.time ?? 0) < (sources[right].waiting.first?.time ?? 0)
            }
            guard let first, let record = sources[first].waiting.popFirst() else { return }
            try each(first, record)
        }
    }
}
