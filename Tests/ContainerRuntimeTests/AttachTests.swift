import LinuxSys
import Testing

@testable import ContainerRuntime

@Suite("Attaching")
struct AttachTests {
    @Test(
        "Keys to detach are read in Podman's grammar",
        arguments: [
            ("ctrl-p,ctrl-q", [0x10, 0x11]), ("", []), ("a,b", [0x61, 0x62]),
            ("ctrl-@,ctrl-[,ctrl-\\,ctrl-]", [0, 27, 28, 29]),
            ("ctrl-^,ctrl-_", [30, 31]), ("CTRL-A", [1]), ("DEL", [0x7f]), ("Z", [0x5a]),
        ] as [(String, [UInt8])])
    func keys(text: String, expected: [UInt8]) throws {
        #expect(try DetachKeys(text).sequence == expected)
    }

    @Test("Other keys are refused", arguments: ["ctrl-!", "ctrl-", "ab", "a,,b", ",", "ctrl-pp", "é", " "])
    func wrongKeys(text: String) {
        let failure = #expect(throws: RuntimeFailure.self) { try DetachKeys(text) }
        #expect(failure?.message.hasPrefix("invalid detach keys: Unknown character: '") == true)
    }

    @Test(
        "Keys are found however they arrive, and nothing else is lost",
        arguments: [
            ("pq", ["abpqrest"], "ab", true), ("pq", ["p", "q"], "", true), ("pq", ["p", "x"], "px", false),
            ("pq", ["pp", "q"], "p", true), ("aab", ["aaab"], "a", true), ("aab", ["aac"], "aac", false),
            ("abac", ["ababac"], "ab", true), ("pq", ["p"], "", false), ("", ["pq"], "pq", false),
        ] as [(String, [String], String, Bool)])
    func matcher(keys: String, typed: [String], forward: String, detached: Bool) throws {
        let names = keys.map { String($0) }.joined(separator: ",")
        var matcher = DetachMatcher(try DetachKeys(names))
        var passed: [UInt8] = []
        var found = false
        for text in typed where !found {
            let (more, done) = matcher.feed(Array(text.utf8))
            passed += more
            found = done
        }
        #expect(String(decoding: passed, as: UTF8.self) == forward)
        #expect(found == detached)
    }

    @Test("What was held back is passed on at the end of input")
    func flush() {
        var matcher = DetachMatcher(.standard)
        #expect(matcher.feed([0x61, 0x10]).forward == [0x61])
        #expect(matcher.flush() == [0x10])
        #expect(matcher.flush().isEmpty)
    }

    @Test("Both streams and the input pass through, whatever the sizes", .timeLimit(.minutes(1)))
    func relay() throws {
        let conmon = try PeerSocketPair()
        let output = try Pipe()
        let errors = try Pipe()
        let input = try Pipe()
        var options = AttachOptions()
        (options.input, options.output, options.errorOutput) =
            (input.readEnd.raw, output.writeEnd.raw, errors.writeEnd.raw)
        let ours = conmon.theirs.raw
        let peer = try ThreadBound {
            let typed = try StandardStream.read(ours, upTo: 100)
            _ = try StandardStream.writeSome(ours, [3] + typed[...])
            for count in [1, 4096, 8192, 30000] {
                let message = [2] + [UInt8](repeating: UInt8(count % 251), count: count)
                _ = try StandardStream.writeSome(ours, message[...])
            }
            // Shut down by the relay once its input has ended.
            return try StandardStream.read(ours, upTo: 100).isEmpty
        }
        try input.writeEnd.write(all: "typed")
        let idle = try Pipe()
        var relay = AttachRelay(options)
        var received = 0
        var text = ""
        while received < 1 + 4096 + 8192 + 30000 || text.isEmpty {
            var entries = relay.entries(signals: idle.readEnd.raw, socket: conmon.ours.raw)
            try poll(&entries, until: Deadline(after: .seconds(10)))
            #expect(try relay.step(entries, socket: conmon.ours) == nil)
            var ready = [PollEntry(output.readEnd.raw, .readable), PollEntry(errors.readEnd.raw, .readable)]
            try poll(&ready, until: Deadline(after: .zero))
            if ready[0].returned != [] { received += try output.readEnd.read(upTo: 65536).count }
            if ready[1].returned != [] { text += String(decoding: try errors.readEnd.read(upTo: 100), as: UTF8.self) }
        }
        #expect(text == "typed")
        #expect(received == 1 + 4096 + 8192 + 30000)
        try conmon.ours.shutdownWrite()
        #expect(try peer.join())
    }

    @Test("Output that nobody takes stops the reading", .timeLimit(.minutes(1)))
    func backpressure() throws {
        let conmon = try PeerSocketPair()
        let output = try Pipe()
        var options = AttachOptions()
        (options.input, options.output, options.errorOutput) = (nil, output.writeEnd.raw, nil)
        var relay = AttachRelay(options)
        let idle = try Pipe()
        let message = [2] + [UInt8](repeating: 7, count: 8192)
        var sent = 0
        var stalled = 0
        while stalled < 50 {
            var room = [PollEntry(conmon.theirs.raw, .writable)]
            if try poll(&room, until: Deadline(after: .zero)) > 0, room[0].returned.contains(.writable) {
                sent += try StandardStream.writeSome(conmon.theirs.raw, message[...])
                stalled = 0
            } else {
                stalled += 1
            }
            var entries = relay.entries(signals: idle.readEnd.raw, socket: conmon.ours.raw)
            try poll(&entries, until: Deadline(after: .zero))
            #expect(try relay.step(entries, socket: conmon.ours) == nil)
        }
        // The buffer, a pipe of 64 KiB and the socket's queue: far from what a peer could send.
        #expect(sent < 1 << 20)
    }

    @Test(
        "Signals have names and numbers",
        arguments: [
            ("SIGTERM", 15), ("term", 15), ("9", 9), ("Kill", 9), ("RTMIN+1", 35), ("SIGRTMAX-1", 63), ("SIGWINCH", 28),
        ] as [(String, Int32)])
    func signals(text: String, number: Int32) {
        #expect(Signal(text)?.rawValue == number)
    }

    @Test("Other texts are no signals", arguments: ["", "0", "65", "-1", "SIG", "NOSUCH", "RTMIN+31", "9x"])
    func wrongSignals(text: String) {
        #expect(Signal(text) == nil)
    }

    @Test("A signal's name can be read back", arguments: 1...64)
    func signalNames(number: Int32) {
        let signal = Signal(rawValue: number)
        // 32 and 33 are the C library's own and have no name.
        #expect(Signal(signal.description) == signal)
    }

    @Test("Signals arrive on the queue, and only one queue can be", .timeLimit(.minutes(1)))
    func queue() throws {
        let queue = try SignalQueue([.windowChange])
        #expect(throws: Errno.resourceBusy) { _ = try SignalQueue([.windowChange]) }
        try ProcessIdentity.current().kill(.windowChange)
        var entries = [PollEntry(queue.raw, .readable)]
        #expect(try poll(&entries, until: Deadline(after: .seconds(10))) == 1)
        #expect(try queue.take() == [.windowChange])
        #expect(try queue.take().isEmpty)
    }
}
