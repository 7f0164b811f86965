internal import LinuxSys

/// The copying between conmon and our streams: bounded buffers, and nothing read that there is no room for.
///
/// Output that nobody takes fills the buffer, then the socket, then conmon's pipe: the process waits (backpressure),
/// and memory does not grow.
struct AttachRelay {
    /// Bytes that wait, in either direction.
    private static let bufferSize = 65536
    /// conmon reads at most 32 KiB of a message and loses the rest; older ones 8 KiB.
    private static let messageSize = 8192
    /// A pipe that poll(2) calls writable has room for this much (pipe(7), PIPE_BUF).
    private static let writeSize = 4096

    private let options: AttachOptions
    private var matcher: DetachMatcher
    private var inputIsOpen: Bool
    private var connected = true
    private var shutdownDue = false
    private var input: ArraySlice<UInt8> = []
    private var output: ArraySlice<UInt8> = []
    private var errorOutput: ArraySlice<UInt8> = []

    init(_ options: AttachOptions) {
        self.options = options
        matcher = DetachMatcher(options.terminal ? options.detachKeys : .none)
        inputIsOpen = options.input != nil
    }

    /// Whether conmon has closed and everything has been written.
    var isFinished: Bool { !connected && output.isEmpty && errorOutput.isEmpty }

    private var hasRoom: Bool { output.count < Self.bufferSize && errorOutput.count < Self.bufferSize }

    /// What to wait for now: signals, conmon, input, output, error output. What is not wanted is left out, because
    /// poll(2) would report a hang-up of it for ever.
    func entries(signals: Int32, socket: Int32) -> [PollEntry] {
        var wanted: PollEvents = []
        if connected && hasRoom { wanted.insert(.readable) }
        if connected && !input.isEmpty { wanted.insert(.writable) }
        let reads = connected && inputIsOpen && input.isEmpty
        return [
            PollEntry(signals, .readable), PollEntry(wanted.isEmpty ? -1 : socket, wanted),
            PollEntry(reads ? options.input ?? -1 : -1, .readable),
            PollEntry(output.isEmpty ? -1 : options.output ?? -1, .writable),
            PollEntry(errorOutput.isEmpty ? -1 : options.errorOutput ?? -1, .writable),
        ]
    }

    /// Does what there is to do, without waiting: how the command ends, if it does.
    mutating func step(_ entries: [PollEntry], socket: borrowing PeerSocket) throws(Errno) -> AttachOutcome? {
        if entries[1].returned != [] && connected && hasRoom { try receive(socket) }
        if entries[2].returned != [], let source = options.input, try read(source) { return .detached }
        if connected { try send(socket) }
        do throws(Errno) {
            if entries[3].returned != [], let target = options.output { try Self.write(&output, to: target) }
            if entries[4].returned != [], let target = options.errorOutput { try Self.write(&errorOutput, to: target) }
        } catch .brokenPipe {
            return .signalled(.brokenPipe)
        } catch .ioError {
            // The terminal has hung up.
            return .signalled(.hangup)
        }
        return nil
    }

    /// A message of conmon's: 2 for output, 3 for error output, then the bytes.
    private mutating func receive(_ socket: borrowing PeerSocket) throws(Errno) {
        guard let message = try socket.receive(limit: Self.bufferSize) else { return }
        guard let stream = message.first else {
            connected = false
            return
        }
        switch stream {
        case 2 where options.output != nil: output += message.dropFirst()
        case 3 where options.errorOutput != nil: errorOutput += message.dropFirst()
        default: break
        }
    }

    /// Reads what was typed: whether the keys to detach are among it.
    private mutating func read(_ source: Int32) throws(Errno) -> Bool {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try StandardStream.read(source, upTo: Self.bufferSize)
        } catch .wouldBlock {
            return false
        } catch .ioError {
            // A terminal that has hung up, or that belongs to another process group: as its end.
            bytes = []
        }
        if bytes.isEmpty {
            inputIsOpen = false
            input += matcher.flush()
            shutdownDue = true
            return false
        }
        let (forward, detached) = matcher.feed(bytes)
        input += forward
        return detached
    }

    private mutating func send(_ socket: borrowing PeerSocket) throws(Errno) {
        do throws(Errno) {
            while !input.isEmpty {
                let sent = try socket.send(input.prefix(Self.messageSize))
                if sent == 0 { return }
                input = input.dropFirst(sent)
            }
            if shutdownDue {
                shutdownDue = false
                try socket.shutdownWrite()
            }
        } catch .brokenPipe {
            dropInput()
        } catch .connectionReset {
            dropInput()
        }
    }

    /// conmon takes no more; what it still has to say is read all the same.
    private mutating func dropInput() {
        input = []
        inputIsOpen = false
        shutdownDue = false
    }

    private static func write(_ pending: inout ArraySlice<UInt8>, to target: Int32) throws(Errno) {
        do throws(Errno) {
            let written = try StandardStream.writeSome(target, pending.prefix(writeSize))
            pending = pending.count == written ? [] : pending.dropFirst(written)
        } catch .wouldBlock {
            // Whoever shares the terminal made it non-blocking.
        }
    }
}
