internal import CLinux
internal import Glibc

/// The process's own standard streams, which nobody closes.
public enum StandardStream {
    /// Writes every byte of a text to descriptor 1 or 2.
    public static func write(_ descriptor: Int32, _ text: String) throws(Errno) {
        try write(descriptor, Array(text.utf8))
    }

    /// Writes every byte to descriptor 1 or 2.
    public static func write(_ descriptor: Int32, _ bytes: [UInt8]) throws(Errno) {
        var done = 0
        while done < bytes.count {
            // SAFETY: the pointer and the count stay inside `bytes`.
            done += try syscall {
                unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.write(descriptor, $0.baseAddress.unsafelyUnwrapped + done, $0.count - done)
                }
            }
        }
    }

    /// A descriptor of one's own for a standard stream.
    public static func duplicate(_ descriptor: Int32) throws(Errno) -> OwnedFD {
        OwnedFD(adopting: try syscall { clinux_dup(descriptor, 3) })
    }

    /// Puts /dev/null in a stream's place, so that whoever waits for its end has it.
    public static func discard(_ descriptor: Int32) throws(Errno) {
        let null = try OwnedFD.open("/dev/null", .readWrite)
        try syscall { dup2(null.raw, descriptor) }
    }

    /// Whether the descriptor is a terminal (isatty(3)).
    public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Makes writing to a pipe that nobody reads an error (`EPIPE`) instead of the end of the process (signal(7)).
    public static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }

    /// Ends the process at once with a code (exit(3)).
    public static func exitProcess(_ code: Int32) -> Never { exit(code) }

    /// A variable of the process's environment.
    public static func environment(_ name: String) -> String? {
        // SAFETY: nothing in this process changes the environment.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
