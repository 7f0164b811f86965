internal import ContainerRuntime
internal import LinuxSys

/// Which part of a container's output is wanted, and how.
public struct LogRequest: Sendable {
    /// Go on until the container ends.
    public var follow: Bool
    /// The last so many lines; all if nil.
    public var tail: Int?
    /// Nothing older: a time, or how long ago.
    public var since: String?
    /// Nothing newer.
    public var until: String?
    /// Each line's time before it.
    public var timestamps: Bool
    /// The container's name before each line, not its id, where several containers are shown.
    public var names: Bool
    /// Each container in a colour of its own.
    public var colors: Bool

    /// A request.
    public init(follow: Bool, tail: Int?, since: String?, until: String?, timestamps: Bool, names: Bool, colors: Bool) {
        self.follow = follow
        self.tail = tail
        self.since = since
        self.until = until
        self.timestamps = timestamps
        self.names = names
        self.colors = colors
    }
}

extension Engine {
    /// Hands out what containers have written, oldest first: `write` gets 1 for standard output and 2 for standard
    /// error, and the bytes to show. Of several containers each line begins with whose it is.
    ///
    /// - Throws: before anything is written, `EngineError` of kind `.noSuchContainer`.
    public func logs(_ references: [String], _ request: LogRequest, write: (Int32, [UInt8]) throws -> Void) throws {
        let records = try references.map(store.container)
        if records.contains(where: { $0.spec.settings?.keepsNoLog == true }) {
            throw EngineError(
                "this container is using the 'none' log driver, cannot read logs: this container is not logging output")
        }
        var wanted = LogReader.Request()
        wanted.tail = request.tail
        wanted.follow = request.follow
        wanted.since = try request.since.map { try LogTime.parse($0, isSince: true) }
        wanted.until = try request.until.map { try LogTime.parse($0, isSince: false) }
        func isRunning(_ index: Int) throws -> Bool {
            try store.container(id: records[index].id).map(refreshed)?.hasProcess ?? false
        }
        // By container and stream: whether the line has not ended.
        var continues: Set<Int> = []
        func show(_ index: Int, _ entry: LogRecord) throws {
            let stream: Int32 = entry.stream == .error ? 2 : 1
            let line = index * 2 + Int(stream - 1)
            let spec = records[index].spec
            let owner = records.count < 2 ? nil : request.names ? spec.name : String(spec.id.prefix(12))
            try write(
                stream,
                entry.rendered(
                    timestamps: request.timestamps, name: owner, continues: continues.contains(line),
                    color: request.colors ? index : nil))
            if entry.isPartial { continues.insert(line) } else { continues.remove(line) }
        }
        guard records.count > 1 else {
            try LogReader(paths.log(records[0].id)).read(
                wanted, exitDirectory: paths.exits, isRunning: { try isRunning(0) },
                each: { entry in
                    try show(0, entry)
                    return true
                })
            return
        }
        var merge = LogMerge(records.map { paths.log($0.id) }, wanted)
        try merge.read(exitDirectory: paths.exits, isRunning: isRunning, each: show)
    }

    /// Nanoseconds since 1970 of a time as `--filter until=` writes it; nil if it is none.
    public static func time(_ text: String) -> Int64? {
        // Why it is no time does not matter to who asks.
        try? LogTime.parse(text, isSince: true)
    }
}
