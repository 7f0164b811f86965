internal import LinuxSys

/// Finds the last lines of a log from its end, without reading the rest.
struct LogTail {
    private static let blockSize: Int64 = 65536
    /// Time, stream and flag fit in this much of an entry; the rest of it does not matter here.
    private static let prefixSize = 256

    private let lines: Int
    private var found = 0
    /// Where the entry after the one at hand begins.
    private var following: Int64
    /// Where the line at hand was written: only partial entries of the same stream are its beginning.
    private var stream: LogRecord.Stream?

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
        } else if record.isPartial {
            if found == lines && record.stream != stream { return following }
            return nil
        } else {
            if found == lines { return following }
            found += 1
        }
        stream = record.stream
        return nil
    }
}
