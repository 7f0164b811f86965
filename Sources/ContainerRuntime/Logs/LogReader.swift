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
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try watch.watch(directory.isEmpty ? "/" : directory, contents: true)
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
        cursor.identity = try File.identity("/proc/self/fd/\(file.raw)")
        if let tail = request.tail { cursor.offset = try LogTail.offset(of: file, lines: tail) }
        try cursor.read(file, request, each)
        if !request.follow { try cursor.finish(request, each) }
        return cursor
    }

    /// Reads what has come since; from the beginning when conmon has begun a new file.
    private func advance(
        _ cursor: inout LogCursor, _ request: Request, _ each: (LogRecord) throws -> Bool
    ) throws {
        guard let file = try open() else { return }
        let identity = try File.identity("/proc/self/fd/\(file.raw)")
        let size = try File.status("/proc/self/fd/\(file.raw)").size
        if identity != cursor.identity || size < cursor.offset {
            try cursor.finish(request, each)
            cursor.offset = 0
            cursor.identity = identity
        }
        try cursor.read(file, request, each)
    }

    private func open() throws(Errno) -> OwnedFD? {
        do throws(Errno) { return try OwnedFD.open(path, .read) } catch .noSuchFileOrDirectory { return nil }
    }
}

/// How far a log has been read.
struct LogCursor {
    var offset: Int64 = 0
    var identity: FileIdentity?
    private(set) var isDone = false
    private var carry: [UInt8] = []

    /// Reads to the end of the file.
    mutating func read(
        _ file: borrowing OwnedFD, _ request: LogReader.Request, _ each: (LogRecord) throws -> Bool
    ) throws {
        while !isDone {
            let block = try file.read(upTo: 65536, at: offset)
            if block.isEmpty { return }
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
        }
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

/// Finds the last lines of a log from its end, without reading the rest.
struct LogTail {
    private static let blockSize: Int64 = 65536
    /// Time, stream and flag fit in this much of an entry; the rest of it does not matter here.
    private static let prefixSize = 256

    private let lines: Int
    private var found = 0
    /// Where the entry after the one at hand begins.
    private var following: Int64

    /// Where the last `lines` lines begin. A line is an entry that is not partial, and the partial ones before it.
    static func offset(of file: borrowing OwnedFD, lines: Int) throws(Errno) -> Int64 {
        let size = try File.status("/proc/self/fd/\(file.raw)").size
        if lines <= 0 { return size }
        var tail = LogTail(lines: lines, following: size)
        var position = size
        // The beginning of the entry that the block before goes on with.
        var head: [UInt8] = []
        while position > 0 {
            let start = max(0, position - blockSize)
            let block = try file.read(upTo: Int(position - start), at: start)
            guard Int64(block.count) == position - start else { throw Errno.ioError }
            var end = block.endIndex
            while let newline = block[..<end].lastIndex(of: UInt8(ascii: "\n")) {
                let entry = block[(newline + 1)..<end].prefix(prefixSize) + head
                if let offset = tail.take(entry, at: start + Int64(newline + 1)) { return offset }
                head = []
                end = newline
            }
            head = Array((block[..<end].prefix(prefixSize) + head).prefix(prefixSize))
            position = start
        }
        return tail.take(head[...], at: 0) ?? 0
    }

    /// Looks at the entry before the last one that was looked at: the answer, once it is known.
    private mutating func take(_ entry: ArraySlice<UInt8>, at start: Int64) -> Int64? {
        defer { following = start }
        guard let record = LogRecord(entry) else { return nil }
        if found == 0 {
            found = 1
        } else if !record.isPartial {
            if found == lines { return following }
            found += 1
        }
        return nil
    }
}
