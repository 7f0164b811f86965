public import LinuxSys

/// Why the storage could not do something: what was tried, on what, and what to do about it if that is known.
public struct StorageError: Error, CustomStringConvertible, Sendable {
    /// The kinds that callers tell apart.
    public enum Code: Sendable, Hashable {
        /// The input is hostile, damaged or not what it says it is.
        case invalidInput
        /// A limit of `LayerLimits` or of a document's size is passed.
        case limit
        /// It is not there.
        case notFound
        /// It is there already.
        case exists
        /// The kernel refused; `errno` says why.
        case system
        /// A rule of this machine, or of this program, forbids it.
        case refused
        /// A registry wants other credentials, or any.
        case unauthorized
        /// A registry does not answer, or not to the end.
        case unreachable
    }

    /// Which kind.
    public var code: Code
    /// One line.
    public var message: String
    /// The system call's error, for `Code.system`.
    public var errno: Errno?

    /// The message, and the system's.
    public var description: String { errno.map { "\(message): \($0)" } ?? message }

    /// The same error, with what was being done before its message.
    public func during(_ what: String) -> StorageError {
        StorageError(code: code, message: "\(what): \(message)", errno: errno)
    }

    static func invalid(_ message: String) -> StorageError {
        StorageError(code: .invalidInput, message: message, errno: nil)
    }

    static func limit(_ message: String) -> StorageError {
        StorageError(code: .limit, message: message, errno: nil)
    }

    static func refused(_ message: String) -> StorageError {
        StorageError(code: .refused, message: message, errno: nil)
    }

    static func unauthorized(_ message: String) -> StorageError {
        StorageError(code: .unauthorized, message: message, errno: nil)
    }

    static func unreachable(_ message: String) -> StorageError {
        StorageError(code: .unreachable, message: message, errno: nil)
    }

    static func system(_ errno: Errno, _ message: String) -> StorageError {
        StorageError(code: .system, message: message, errno: errno)
    }
}

/// Runs system calls and says what they were for when one fails.
func doing<Result>(_ what: @autoclosure () -> String, _ body: () throws(Errno) -> Result) throws(StorageError) -> Result
{
    do throws(Errno) { return try body() } catch { throw .system(error, what()) }
}

/// As `doing`, for a result that cannot be copied.
func opening(_ what: @autoclosure () -> String, _ body: () throws(Errno) -> OwnedFD) throws(StorageError) -> OwnedFD {
    do throws(Errno) { return try body() } catch { throw .system(error, what()) }
}

extension [UInt8] {
    /// A file name's bytes.
    init(_ text: String) {
        self = Array(text.utf8)
    }

    /// For people: text with control characters and bytes that are not UTF-8 as `\xNN`, cut to 200 bytes.
    var printable: String {
        var text = "\""
        var rest = self[...].prefix(200)
        while let byte = rest.first {
            let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            if byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"),
                let character = String(validating: rest.prefix(length), as: UTF8.self),
                !character.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
            {
                text += character
                rest = rest.dropFirst(length)
            } else {
                text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
                rest = rest.dropFirst()
            }
        }
        return text + (count > 200 ? "…\"" : "\"")
    }
}
