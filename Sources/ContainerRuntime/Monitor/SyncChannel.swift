internal import FoundationEssentials
internal import LinuxSys

/// What conmon says on its pipes with `--api-version 1`: one JSON object a line.
struct SyncMessage: Decodable, Equatable {
    /// A process id, an exit code, or a negative number for a failure.
    var data: Int32
    /// What failed.
    var message: String?

    /// Reads a line; nil when it is none of conmon's.
    init?(_ line: [UInt8]) {
        let text = String(decoding: line, as: UTF8.self)
        // The usual case needs no decoder: {"data": 1234}
        let prefix = "{\"data\": "
        if text.hasPrefix(prefix), text.hasSuffix("}"), let number = Int32(text.dropFirst(prefix.count).dropLast()) {
            data = number
            message = nil
            return
        }
        // What is wrong with the line is of no use to a person; that it is damaged is reported with it.
        guard let decoded = try? JSONDecoder().decode(SyncMessage.self, from: Data(line)) else { return nil }
        self = decoded
    }
}

/// The reading end of such a pipe.
struct SyncChannel: ~Copyable {
    /// conmon's own messages have 8 KiB at most.
    private static let limit = 1 << 16
    private let descriptor: OwnedFD
    private var buffer: [UInt8] = []

    init(_ descriptor: consuming OwnedFD) {
        self.descriptor = descriptor
    }

    /// The next message; nil when conmon has closed the pipe.
    ///
    /// - Throws: `RuntimeFailure` at the deadline, and for what is not a message.
    mutating func next(until deadline: Deadline) throws(RuntimeFailure) -> SyncMessage? {
        do throws(Errno) {
            while true {
                if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = Array(buffer[..<end])
                    buffer.removeSubrange(...end)
                    if let message = SyncMessage(line) { return message }
                    throw .badMessage
                }
                guard buffer.count < Self.limit else { throw .badMessage }
                var entries = [PollEntry(descriptor.raw, .readable)]
                guard try poll(&entries, until: deadline) > 0 else { throw .timedOut }
                let more = try descriptor.read(upTo: 8192)
                if more.isEmpty { return nil }
                buffer += more
            }
        } catch .timedOut {
            throw RuntimeFailure(.timedOut, "conmon: the OCI runtime did not answer in time")
        } catch {
            throw RuntimeFailure(.host, "conmon: reading what it reports: \(error)")
        }
    }
}
