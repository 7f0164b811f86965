/// One entry of a container's log, as conmon writes it with the driver `k8s-file`:
/// `2026-11-23T21:46:28.737533775+00:00 stdout F text`.
public struct LogRecord: Sendable, Hashable {
    /// Where the process wrote it.
    public enum Stream: String, Sendable, CaseIterable {
        /// Standard output.
        case output = "stdout"
        /// Standard error.
        case error = "stderr"
    }

    /// When conmon read it, in nanoseconds since 1970.
    public var time: Int64
    /// The time as Podman prints it.
    public var timestamp: String
    /// Where the process wrote it.
    public var stream: Stream
    /// Whether the line goes on in the next entry of the stream.
    public var isPartial: Bool
    /// What the process wrote, without the end of the line.
    public var text: [UInt8]

    /// Reads one line, without its end; nil when it is none of conmon's.
    public init?(_ line: ArraySlice<UInt8>) {
        let space = UInt8(ascii: " ")
        guard let first = line.firstIndex(of: space),
            let second = line[(first + 1)...].firstIndex(of: space),
            line.distance(from: second, to: line.endIndex) >= 2,
            let time = LogTime.parse(rfc3339: line[..<first]),
            let stream = Stream(rawValue: String(decoding: line[(first + 1)..<second], as: UTF8.self))
        else { return nil }
        let flag = line[second + 1]
        guard flag == UInt8(ascii: "F") || flag == UInt8(ascii: "P") else { return nil }
        var rest = line[(second + 2)...]
        if rest.first == space { rest = rest.dropFirst() }
        self.time = time
        self.stream = stream
        isPartial = flag == UInt8(ascii: "P")
        text = Array(rest)
        let written = String(decoding: line[..<first], as: UTF8.self)
        timestamp = written.hasSuffix("+00:00") ? "\(written.dropLast(6))Z" : written
    }

    /// Podman's colours, in its order: white, red, yellow, blue, magenta, cyan, green (ECMA-48, SGR).
    private static let colors = [37, 31, 33, 34, 35, 36, 32]

    /// The entry as `logs` prints it, its line's end included when it has one.
    ///
    /// - Parameters:
    ///   - timestamps: `--timestamps`.
    ///   - name: What stands before each line: a container's id or name.
    ///   - continues: Whether the entry goes on with a line whose beginning was printed.
    ///   - color: The number of a colour that the entry is shown in.
    /// - Returns: what to print.
    public func rendered(timestamps: Bool, name: String?, continues: Bool, color: Int? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        if let color { bytes += Array("\u{1B}[\(Self.colors[color % Self.colors.count])m".utf8) }
        if !continues {
            if let name { bytes += Array("\(name) ".utf8) }
            if timestamps { bytes += Array("\(timestamp) ".utf8) }
        }
        bytes += text
        if color != nil { bytes += Array("\u{1B}[0m".utf8) }
        if !isPartial { bytes.append(UInt8(ascii: "\n")) }
        return bytes
    }
}
