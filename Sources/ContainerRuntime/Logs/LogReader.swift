internal import LinuxSys

/// Reads a container's log (conmon's driver `k8s-file`).
public struct LogReader: Sendable {
    /// What to show of it.
    public struct Request: Sendable, Hashable {
        /// The last so many lines; all if nil.
        public var tail: Int?
        /// Nothing older, in nanoseconds since 1970.
        public var since: Int64?
        /// Nothing newer.
        public var until: Int64?
        /// Whether to wait for more until the container ends.
        public var follow = false

        /// Everything that is there.
        public init() {}
    }

    /// Longer lines are cut into pieces: what a container writes must not decide how much memory this takes.
    static let lineLimit = 65536

    private let path: String

    /// Reads the log at an absolute path; one that is not there yet is empty.
    public init(_ path: String) {
        self.path = path
    }

    /// Where the log is.
    var directory: String {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return directory.isEmpty ? "/" : directory
    }

    /// Hands out the entries, oldest first.
    ///
    /// - Parameters:
    ///   - request: Which.
    ///   - exitDirectory: Where conmon leaves exit codes: a change there makes `isRunning` be asked. Without it, it
    ///     is asked each second.
    ///   - isRunning: Whether more can come; asked when following.
    ///   - each: Takes an entry and says whether it wants more.
    /// - Throws: `Errno` of reading, and what the closures throw.
    public func read(
        _ request: Request, exitDirectory: String? = nil, isRunning: () throws -> Bool = { false },
        each: (LogRecord) throws -> Bool
    ) throws {
        guard request.follow else {
            _ = try pass(request) { try each($0) }
            return
        }
        let watch = try DirectoryWatch()
        try watch.watch(directory, contents: true)
        if let exitDirectory { try watch.watch(exitDirectory) }
        var cursor = try pass(request) { try each($0) }
        let end = Deadline(after: request.until.map { .nanoseconds(max(0, $0 - Clock.now)) })
        while !cursor.isDone {
            // Asked before the last look, so that nothing written before the end is missed.
            let running = try isRunning()
            try advance(&cursor, request, each)
            if !running || cursor.isDone || end.hasPassed { break }
            var entries = [PollEntry(watch.raw, .readable)]
            // A second at most: a monitor that is killed leaves no file.
            let second = Deadline(after: .seconds(1))
            try poll(&entries, until: (0..<1000).contains(end.milliseconds) ? end : second)
            _ = try watch.take()
        }
        try cursor.finish(request, each)
    }

    /// Reads what is there now, from the place that `tail` says.
    private func pass(_ request: Request, _ each: (LogRecord) throws -> Bool) throws -> LogCursor {
        var cursor = LogCursor()
        guard let file = try open() else { return cursor }
        try cursor.begin(file, request)
        try cursor.read(file, request, each)
        if !request.follow { try cursor.finish(request, each) }
        return cursor
    }

    /// Reads what has come since; from the beginning when conmon has begun a new file.
    private func advance(
        _ cursor: inout LogCursor, _ request: Request, _ each: (LogRecord) throws -> Bool
    ) throws {
        guard let file = try open() else { return }
        try cursor.notice(file, request, each)
        try cursor.read(file, request, each)
    }

    func open() throws(Errno) -> OwnedFD? {
        do throws(Errno) { return try OwnedFD.open(path, .read) } catch .noSuchFileOrDirectory { return nil }
    }
}

/// How far a log has been read.
struct LogCursor {
    var offset: Int64 = 0
    var identity: FileIdentity?
    private(set) var isDone = false
    private var carry: [UInt8] = []

    /// Goes to the place in the file that `tail` says.
    mutating func begin(_ file: borrowing OwnedFD, _ request: LogReader.Request) throws(Errno) {
        identity = try File.identity("/proc/self/fd/\(file.raw)")
        if let tail = request.tail { offset = try LogTail.offset(of: file, lines: tail) }
    }

    /// Goes to the beginning if conmon has begun a new file.
    mutating func notice(
        _ file: borrowing OwnedFD, _ request: LogReader.Request, _ each: (LogRecord) throws -> Bool
    ) throws {
        let found = try File.identity("/proc/self/fd/\(file.raw)")
        let size = try File.status("/proc/self/fd/\(file.raw)").size
        guard found != identity || size < offset else { return }
        try finish(request, each)
        offset = 0
        identity = found
    }

    /// Reads to the end of the file.
    mutating func read(
        _ file: borrowing OwnedFD, _ request: LogReader.Request, _ each: (LogRecord) throws -> Bool
    ) throws {
        while try readBlock(file, request, each) {}
    }

    /// Reads one block of the file, and says whether there was one.
    mutating func readBlock(
        _ file: borrowing OwnedFD, _ request: LogReader.Request, _ each: (LogRecord) throws -> Bool
    ) throws -> Bool {
        guard !isDone else { return false }
        let block = try file.read(upTo: 65536, at: offset)
        if block.isEmpty { return false }
        offset += Int64(block.count)
        var start = block.startIndex
        while let end = block[start...].firstIndex(of: UInt8(ascii: "\n")), !isDone {
            try take(carry.isEmpty ? block[start..<end] : (carry + block[start..<end])[...], request, each)
            carry.removeAll(keepingCapacity: true)
            start = end + 1
        }
        carry += block[start...]
        while carry.count > LogReader.lineLimit && !isDone {
            try take(carry.prefix(LogReader.lineLimit), request, each)
            carry.removeFirst(LogReader.lineLimit)
        }
        return true
    }

    /// Hands out a last line that has no end.
    mutating func finish(_ request: LogReader.Request, _ each: (LogRecord) throws -> Bool) throws {
        guard !carry.isEmpty, !isDone else { return }
        try take(carry[...], request, each)
        carry = []
    }

    private mutating func take(
        _ line: ArraySlice<UInt8>, _ request: LogReader.Request, _ each: (LogRecord) throws -> Bool
    ) throws {
        // What is none of conmon's lines has no time to print and no stream to go to.
        guard let record = LogRecord(line) else { return }
        if let since = request.since, record.time < since { return }
        if let until = request.until, record.time > until {
            isDone = true
            return
        }
        if try !each(record) { isDone = true }
    }
}
