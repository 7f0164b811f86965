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
    /// The container's name before each line.
    public var names: Bool

    /// A request.
    public init(follow: Bool, tail: Int?, since: String?, until: String?, timestamps: Bool, names: Bool) {
        self.follow = follow
        self.tail = tail
        self.since = since
        self.until = until
        self.timestamps = timestamps
        self.names = names
    }
}

extension Engine {
    /// Hands out what a container has written, oldest first: `write` gets 1 for standard output and 2 for standard
    /// error, and the bytes to show.
    public func logs(_ reference: String, _ request: LogRequest, write: (Int32, [UInt8]) throws -> Void) throws {
        let record = try store.container(reference)
        if record.spec.settings?.keepsNoLog == true {
            throw EngineError(
                "this container is using the 'none' log driver, cannot read logs: this container is not logging output")
        }
        var wanted = LogReader.Request()
        wanted.tail = request.tail
        wanted.follow = request.follow
        wanted.since = try request.since.map { try LogTime.parse($0, isSince: true) }
        wanted.until = try request.until.map { try LogTime.parse($0, isSince: false) }
        var continues: Set<Int32> = []
        try LogReader(paths.log(record.id)).read(
            wanted, exitDirectory: paths.exits,
            isRunning: { try store.container(id: record.id).map(refreshed)?.isRunning ?? false },
            each: { entry in
                let stream: Int32 = entry.stream == .error ? 2 : 1
                try write(
                    stream,
                    entry.rendered(
                        timestamps: request.timestamps, name: request.names ? record.spec.name : nil,
                        continues: continues.contains(stream)))
                if entry.isPartial { continues.insert(stream) } else { continues.remove(stream) }
                return true
            })
    }

    /// Nanoseconds since 1970 of a time as `--filter until=` writes it; nil if it is none.
    public static func time(_ text: String) -> Int64? {
        // Why it is no time does not matter to who asks.
        try? LogTime.parse(text, isSince: true)
    }
}
