import LinuxSys
import Synchronization
import Testing

@testable import ContainerRuntime

@Suite("Container logs")
struct LogTests {
    private func withLog(_ text: String, _ body: (String) throws -> Void) throws {
        let directory = "/tmp/swiftlet-log-\(RandomBytes.hexadecimal(8))"
        try File.makeDirectories(directory)
        let path = "\(directory)/ctr.log"
        try File.write(path, text)
        defer {
            // A leftover in /tmp is no failure of the test.
            try? File.remove(path)
            // As above.
            try? File.removeDirectory(directory)
        }
        try body(path)
    }

    private func line(_ second: Int, _ text: String, _ flag: String = "F", stream: String = "stdout") -> String {
        "2026-11-23T21:46:\(second < 10 ? "0" : "")\(second).500000000+00:00 \(stream) \(flag) \(text)\n"
    }

    private func texts(_ path: String, _ change: (inout LogReader.Request) -> Void = { _ in }) throws -> [String] {
        var request = LogReader.Request()
        change(&request)
        var found: [String] = []
        try LogReader(path).read(request) { record in
            found.append(String(decoding: record.text, as: UTF8.self))
            return true
        }
        return found
    }

    @Test("An entry is taken apart")
    func record() throws {
        let text = "2026-11-23T21:46:28.737533775+00:00 stderr P some text "
        let record = try #require(LogRecord(Array(text.utf8)[...]))
        #expect(record.time == 1_795_470_388_737_533_775)
        #expect(record.stream == .error)
        #expect(record.isPartial)
        #expect(String(decoding: record.text, as: UTF8.self) == "some text ")
        #expect(
            String(decoding: record.rendered(timestamps: true, name: "web1", continues: false), as: UTF8.self)
                == "web1 2026-11-23T21:46:28.737533775Z some text ")
        #expect(record.rendered(timestamps: true, name: "web1", continues: true) == record.text)
    }

    @Test(
        "What is no entry is none",
        arguments: [
            "", " ", "x", "2026-11-23T21:46:28Z stdout", "2026-11-23T21:46:28Z stdout X text",
            "2026-13-23T21:46:28Z stdout F text", "2026-11-23T21:46:28Z stdin F text", "  stdout F text",
            "99999999-11-23T21:46:28Z stdout F text",
        ])
    func notARecord(text: String) {
        #expect(LogRecord(Array(text.utf8)[...]) == nil)
    }

    @Test("The last lines are found from the end", arguments: [0, 1, 2, 3, 4, 5, 100])
    func tail(count: Int) throws {
        let log = line(1, "one") + line(2, "tw", "P") + line(2, "o") + line(3, "three") + line(4, "fo", "P")
        try withLog(log) { path in
            let lines = [["one"], ["tw", "o"], ["three"], ["fo"]]
            let found = try texts(path) { $0.tail = count }
            #expect(found == Array(lines.suffix(count).joined()))
        }
    }

    @Test("The last lines are found across blocks", arguments: [1, 2, 999, 1000, 1001, 2999, 3000, 3001])
    func longTail(count: Int) throws {
        let all = (0..<3000).map { "\($0) " + String(repeating: "x", count: ($0 * 37) % 200) }
        try withLog(all.map { line($0.count % 60, $0) }.joined()) { path in
            let found = try texts(path) { $0.tail = count }
            #expect(found == Array(all.suffix(count)))
        }
    }

    @Test("An entry longer than a block takes bounded memory and loses nothing else")
    func hostileLength() throws {
        let long = String(repeating: "y", count: 300_000)
        try withLog(line(1, "one") + line(2, long) + line(3, "three")) { path in
            let found = try texts(path)
            #expect(found.first == "one" && found.last == "three")
            #expect(found.allSatisfy { $0.utf8.count <= LogReader.lineLimit })
            let last = try texts(path) { $0.tail = 1 }
            #expect(last == ["three"])
        }
    }

    @Test("Only what lies between since and until is shown")
    func range() throws {
        try withLog((1...5).map { line($0, "\($0)") }.joined()) { path in
            let base = try LogTime.parse("2026-11-23T21:46:00Z", isSince: true)
            let found = try texts(path) {
                $0.since = base + 2_000_000_000
                $0.until = base + 4_500_000_000
            }
            #expect(found == ["2", "3", "4"])
        }
    }

    @Test("A log that is not there is empty")
    func missing() throws {
        #expect(try texts("/tmp/nosuch-\(RandomBytes.hexadecimal(8))/log").isEmpty)
    }

    @Test("Following shows what is written later, in a new file too, until the container ends", .timeLimit(.minutes(1)))
    func follow() throws {
        try withLog(line(1, "one")) { path in
            let running = Mutex(true)
            let seen = Mutex<[String]>([])
            var request = LogReader.Request()
            request.follow = true
            let ended = { running.withLock { $0 } }
            try LogReader(path).read(request, isRunning: ended) { record in
                let text = String(decoding: record.text, as: UTF8.self)
                seen.withLock { $0.append(text) }
                switch text {
                case "one": try OwnedFD.open(path, [.write, .append]).write(all: line(2, "two"))
                case "two":
                    // conmon begins a new file like this when the old one is full.
                    try File.write("\(path).tmp", line(3, "three"))
                    try File.rename("\(path).tmp", to: path)
                default: running.withLock { $0 = false }
                }
                return true
            }
            #expect(seen.withLock { $0 } == ["one", "two", "three"])
        }
    }

    @Test(
        "Times are read in Podman's forms",
        arguments: [
            ("1136073845", 1_136_073_845_000_000_000), ("1136073845.000000001", 1_136_073_845_000_000_001),
            ("2006-01-02T15:04:05Z", 1_136_214_245_000_000_000), ("2006-01-02T15:04:05.5Z", 1_136_214_245_500_000_000),
            ("2006-01-02T15:04:05-07:00", 1_136_239_445_000_000_000),
            ("2006-01-02T15:04:05", 1_136_214_245_000_000_000),
            ("2006-01-02", 1_136_160_000_000_000_000), ("1970-01-01", 0), ("2000-02-29", 951_782_400_000_000_000),
            ("10m", 400_000_000_000), ("1h30m", -4_400_000_000_000), ("1.5s", 998_500_000_000),
            ("300ms", 999_700_000_000), ("0", 0), ("-10s", 1_010_000_000_000),
        ] as [(String, Int64)])
    func times(text: String, expected: Int64) throws {
        #expect(try LogTime.parse(text, isSince: true, now: 1_000_000_000_000) == expected)
    }

    @Test("A duration counts on for until")
    func until() throws {
        #expect(try LogTime.parse("10s", isSince: false, now: 0) == 10_000_000_000)
    }

    @Test(
        "What is no time is refused",
        arguments: [
            "", "foo", "1136073845.", "2006-01-32", "2006-13-01", "10x", "h", "1e9s", "99999999999999999999",
            "99999999h", "2006-01-02T25:00:00Z", "2006-01-02T15:04:05+", "-", "1..5s", "9223372036854775807",
        ])
    func wrongTimes(text: String) {
        #expect(throws: RuntimeFailure.self) { try LogTime.parse(text, isSince: true, now: 0) }
    }
}
