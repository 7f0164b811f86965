internal import CLinux
internal import Glibc

/// Rows and columns of a terminal, in cells (tty_ioctl(4), `TIOCGWINSZ`).
public struct WindowSize: Hashable, Sendable {
    /// Lines.
    public var rows: UInt16
    /// Columns.
    public var columns: UInt16

    /// A size.
    public init(rows: UInt16, columns: UInt16) {
        self.rows = rows
        self.columns = columns
    }

    /// The size of the terminal behind a descriptor.
    ///
    /// - Throws: `Errno.notTypewriter` when it is none.
    public init(of descriptor: Int32) throws(Errno) {
        var (rows, columns): (UInt16, UInt16) = (0, 0)
        // SAFETY: both numbers are written before the call returns.
        try syscall { unsafe clinux_get_window_size(descriptor, &rows, &columns) }
        self.init(rows: rows, columns: columns)
    }
}

/// A terminal in raw mode, until `restore` or until this object goes (termios(3), `cfmakeraw`).
public final class RawTerminal {
    private let descriptor: Int32
    private var old: termios?

    /// Makes the terminal behind a descriptor raw: no echo, no line editing, no signals from keys.
    ///
    /// - Parameters:
    ///   - descriptor: The terminal.
    ///   - unread: Whether nobody is going to read from it: then only what is written passes as it is, nothing is
    ///     echoed, and keys still send signals.
    /// - Throws: `Errno.notTypewriter` when it is none.
    public init(_ descriptor: Int32, unread: Bool = false) throws(Errno) {
        var old = termios()
        try syscall { unsafe tcgetattr(descriptor, &old) }
        var raw = old
        if unread {
            raw.c_oflag &= ~tcflag_t(OPOST)
            raw.c_lflag &= ~tcflag_t(ECHO)
        } else {
            unsafe cfmakeraw(&raw)
        }
        try syscall { unsafe tcsetattr(descriptor, TCSADRAIN, &raw) }
        self.descriptor = descriptor
        self.old = old
    }

    /// Makes the terminal what it was. Again is no harm.
    public func restore() {
        guard var settings = old else { return }
        old = nil
        // A terminal that has hung up cannot be set any more, and nobody can be told.
        _ = unsafe tcsetattr(descriptor, TCSADRAIN, &settings)
    }

    deinit { restore() }
}
