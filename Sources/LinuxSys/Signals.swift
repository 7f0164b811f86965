internal import CLinux
internal import Glibc

/// Signals by name and number (signal(7)).
public struct Signal: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The kernel's number, 1 to 64.
    public let rawValue: Int32

    /// Takes a number; whether the kernel has it is not checked.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Reads `SIGTERM`, `term` or `15`, in any case; nil for anything else.
    public init?(_ text: String) {
        if let number = Int32(text) {
            guard (1...64).contains(number) else { return nil }
            rawValue = number
            return
        }
        let upper = text.uppercased()
        let name = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
        if let number = Self.numbers[name] {
            rawValue = number
        } else if name == "RTMIN" || name == "RTMAX" {
            rawValue = name == "RTMIN" ? 34 : 64
        } else if name.hasPrefix("RTMIN+"), let offset = Int32(name.dropFirst(6)), (0...30).contains(offset) {
            rawValue = 34 + offset
        } else if name.hasPrefix("RTMAX-"), let offset = Int32(name.dropFirst(6)), (0...30).contains(offset) {
            rawValue = 64 - offset
        } else {
            return nil
        }
    }

    /// `SIGTERM` and the like; `SIGRTMIN+1` for real-time ones.
    public var description: String {
        if let name = Self.numbers.first(where: { $0.value == rawValue && $0.key != "IOT" && $0.key != "POLL" })?.key {
            return "SIG\(name)"
        }
        return rawValue == 34 ? "SIGRTMIN" : rawValue > 34 ? "SIGRTMIN+\(rawValue - 34)" : "\(rawValue)"
    }

    /// `SIGHUP`.
    public static let hangup = Signal(rawValue: SIGHUP)
    /// `SIGINT`.
    public static let interrupt = Signal(rawValue: SIGINT)
    /// `SIGQUIT`.
    public static let quit = Signal(rawValue: SIGQUIT)
    /// `SIGKILL`.
    public static let kill = Signal(rawValue: SIGKILL)
    /// `SIGTERM`.
    public static let terminate = Signal(rawValue: SIGTERM)
    /// `SIGUSR1`.
    public static let user1 = Signal(rawValue: SIGUSR1)
    /// `SIGUSR2`.
    public static let user2 = Signal(rawValue: SIGUSR2)
    /// `SIGALRM`.
    public static let alarm = Signal(rawValue: SIGALRM)
    /// `SIGWINCH`.
    public static let windowChange = Signal(rawValue: SIGWINCH)
    /// `SIGPIPE`.
    public static let brokenPipe = Signal(rawValue: SIGPIPE)

    private static let numbers: [String: Int32] = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "IOT": 6, "BUS": 7, "FPE": 8, "KILL": 9,
        "USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18,
        "STOP": 19, "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27,
        "WINCH": 28, "IO": 29, "POLL": 29, "PWR": 30, "SYS": 31,
    ]
}

/// A last line on standard error when SIGINT or SIGTERM ends the process.
public enum EndingNotice {
    /// Sets it, for the rest of the process. It still ends by the signal, so that a shell sees that. A signal that
    /// does something else already, such as nothing under nohup(1), is left alone.
    ///
    /// - Parameter line: without the line's end, which is added.
    /// - Throws: `Errno.messageSize` for a line of more than 254 bytes.
    public static func set(_ line: String) throws(Errno) {
        let signals = [SIGINT, SIGTERM]
        // SAFETY: text and array live for the call, which copies what it needs.
        try syscall {
            unsafe signals.withUnsafeBufferPointer { buffer -> Int32 in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe clinux_set_ending_notice(line + "\n", base, Int32(buffer.count))
            }
        }
    }
}

/// Signals that arrive on a pipe instead of ending the process, as long as this value lives.
///
/// A handler writes each number into a pipe: unlike signalfd(2) and a blocked mask, which belong to each thread,
/// that holds for every thread of the process, those of the pool too. A signal that the caller was started with
/// ignored (nohup(1)) stays ignored.
public struct SignalQueue: ~Copyable, Sendable {
    private let readEnd: OwnedFD
    private let writeEnd: OwnedFD

    /// For poll(2): readable when a signal has come.
    public var raw: Int32 { readEnd.raw }

    /// Catches the signals.
    ///
    /// - Throws: `Errno.resourceBusy` when another queue lives.
    public init(_ signals: [Signal]) throws(Errno) {
        var descriptors: [Int32] = [-1, -1]
        // SAFETY: pipe2 writes the two numbers that the array has room for.
        try syscall {
            unsafe descriptors.withUnsafeMutableBufferPointer { unsafe clinux_pipe($0.baseAddress.unsafelyUnwrapped) }
        }
        let readEnd = OwnedFD(adopting: descriptors[0])
        let writeEnd = OwnedFD(adopting: descriptors[1])
        try syscall { clinux_set_nonblocking(readEnd.raw) }
        try syscall { clinux_set_nonblocking(writeEnd.raw) }
        let numbers = signals.map(\.rawValue)
        let target = writeEnd.raw
        // SAFETY: the array lives for the call, which copies what it needs.
        try syscall {
            unsafe numbers.withUnsafeBufferPointer { buffer -> Int32 in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe clinux_signals_catch(base, Int32(buffer.count), target)
            }
        }
        self.readEnd = readEnd
        self.writeEnd = writeEnd
    }

    deinit {
        clinux_signals_restore()
    }

    /// The signals that have come since the last call, without waiting.
    public func take() throws(Errno) -> [Signal] {
        do throws(Errno) {
            return try readEnd.read(upTo: 64).map { Signal(rawValue: Int32($0)) }
        } catch .wouldBlock {
            return []
        }
    }
}
